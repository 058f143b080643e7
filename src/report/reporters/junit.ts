import type { Report, ReportCase } from '../../records/report.ts';
import { caseText } from '../case-text.ts';
import { visibleLines, xmlAttribute, xmlText } from '../escape.ts';
import { primaryReason } from '../explain.ts';
import type { Reporter } from '../reporter.ts';
import { type Outcome, outcome, outcomeWord } from '../words.ts';

/** Writes junit.xml: one testsuite a case, one testcase a conversion, as GitHub, GitLab and Jenkins read it. */
export const createJunit = (): Reporter => ({
  name: 'junit',
  async onRunEnd(report, ctx) {
    await ctx.write('junit.xml', junitXml(report));
  },
});

interface Testcase {
  readonly name: string;
  readonly suite: string;
  readonly kind: 'pass' | 'failure' | 'error' | 'skipped';
  readonly type: string;
  readonly message: string;
  readonly body: string;
  readonly seconds: number;
}

const KINDS: Record<Outcome, Testcase['kind']> = {
  pass: 'pass',
  fail: 'failure',
  unverifiable: 'error',
  error: 'error',
  skipped: 'skipped',
  expected: 'skipped',
};

/** The whole document. A run that judged nothing is one error: an empty file would be read as green. */
export function junitXml(report: Report): string {
  const tests = [...runTests(report), ...report.cases.map(toTestcase)];
  const suites = new Map<string, Testcase[]>();
  for (const test of tests) {
    const members = suites.get(test.suite);
    if (members === undefined) suites.set(test.suite, [test]);
    else members.push(test);
  }
  const body = [...suites].map(([name, members]) => suiteXml(name, members, report.run.startedAt)).join('');
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="onpar" ${counts(tests)}>\n${body}</testsuites>\n`;
}

function toTestcase(c: ReportCase): Testcase {
  const shown = outcome(c);
  const expected =
    shown === 'expected'
      ? `expected failure (${c.expected?.reason ?? ''}${c.expected?.until === undefined ? '' : `, until ${c.expected.until}`}): `
      : '';
  return {
    name: c.id,
    suite: c.case,
    kind: KINDS[shown],
    type: c.findings.find((f) => f.severity === 'error')?.code ?? outcomeWord(shown, c.grade),
    message: expected + primaryReason(c),
    body: caseText(c).join('\n'),
    seconds:
      ((c.artifact?.milliseconds ?? 0) + (c.candidate.openMilliseconds ?? 0) + (c.candidate.runMilliseconds ?? 0)) /
      1000,
  };
}

function runTests(report: Report): Testcase[] {
  const wrong = report.run.findings
    .filter((f) => f.severity === 'error')
    .map((f) => ({ type: f.code, message: f.message }));
  if (report.cases.length === 0 && wrong.length === 0)
    wrong.push({ type: 'nothing-compared', message: 'no conversion was run, so nothing is proven' });
  return wrong.map(({ type, message }) => ({
    name: type,
    suite: 'run',
    kind: 'error',
    type,
    message,
    body: message,
    seconds: 0,
  }));
}

function suiteXml(name: string, tests: readonly Testcase[], timestamp: string): string {
  const cases = tests.map(testXml).join('');
  return `  <testsuite name="${xmlAttribute(name)}" timestamp="${xmlAttribute(timestamp)}" ${counts(tests)}>\n${cases}  </testsuite>\n`;
}

function testXml(test: Testcase): string {
  const open = `    <testcase name="${xmlAttribute(test.name)}" classname="${xmlAttribute(`onpar.${test.suite}`)}" time="${test.seconds.toFixed(3)}"`;
  if (test.kind === 'pass') return `${open}/>\n`;
  const message = xmlAttribute(visibleLines(test.message).join(' '));
  // Jenkins reads only `message` of a skipped test.
  if (test.kind === 'skipped') return `${open}>\n      <skipped message="${message}"/>\n    </testcase>\n`;
  return `${open}>\n      <${test.kind} type="${xmlAttribute(test.type)}" message="${message}">${xmlText(test.body)}</${test.kind}>\n    </testcase>\n`;
}

function counts(tests: readonly Testcase[]): string {
  const of = (kind: Testcase['kind']): number => tests.filter((t) => t.kind === kind).length;
  const time = tests.reduce((sum, t) => sum + t.seconds, 0).toFixed(3);
  return `tests="${tests.length}" failures="${of('failure')}" errors="${of('error')}" skipped="${of('skipped')}" time="${time}"`;
}
