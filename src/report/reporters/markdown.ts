import type { OutputComparison } from '../../records/comparison.ts';
import type { Report, ReportCase } from '../../records/report.ts';
import { divergenceWords } from '../case-text.ts';
import { chainText } from '../chain-text.ts';
import { driftLine, partLines } from '../drift.ts';
import { markdown, markdownCode } from '../escape.ts';
import {
  failingOutputs,
  failureOf,
  findingFix,
  mismatchWords,
  numberWords,
  primaryReason,
  remedy,
  runFindings,
  sortFindings,
  toleranceWords,
  worstFirst,
} from '../explain.ts';
import { judgedLine } from '../judged.ts';
import { formatDate, formatDuration, formatNumber } from '../numbers.ts';
import type { Reporter } from '../reporter.ts';
import { blocks, outcome, outcomeWord, symbol, totalsSentence, verdictSentence } from '../words.ts';

/** GitHub drops a step summary over 1 MiB whole, so both lists end well before. */
const MOST_ROWS = 500;
const MOST_EXPLAINED = 30;

/** Writes summary.md. */
export const createMarkdown = (): Reporter => ({
  name: 'markdown',
  async onRunEnd(report, ctx) {
    await ctx.write('summary.md', summaryMarkdown(report));
  },
});

/** Verdict line, failures in words, then the table; foreign text is escaped throughout. */
export function summaryMarkdown(report: Report): string {
  const wrong = worstFirst(report.cases.filter(blocks));
  const { run } = report;
  return [
    `## ${run.exitCode === 0 ? '✓' : '✗'} ${verdictSentence(report)}`,
    '',
    `**${totalsSentence(report)}**`,
    '',
    `${markdownCode(run.title)} · ${formatDate(run.startedAt)} · ${formatDuration(run.durationMs)} · seed ${run.seed} · onpar ${markdown(report.tool.version)}${run.partial ? ' · **partial run**' : ''}`,
    ...runFindings(report).flatMap((f) => ['', `- ${markdown(f.message)} (${markdownCode(f.code)})`]),
    ...(wrong.length === 0 ? [] : ['', '### What broke', ...wrong.slice(0, MOST_EXPLAINED).flatMap(explained)]),
    ...(wrong.length > MOST_EXPLAINED ? ['', `… and ${wrong.length - MOST_EXPLAINED} more in index.html`] : []),
    ...table(report.cases),
    '',
  ].join('\n');
}

function explained(c: ReportCase): string[] {
  const deciding = sortFindings(c.findings).filter((f) => f.severity !== 'info');
  const help = remedy(c);
  return [
    '',
    `#### ${symbol(outcome(c), c.grade)} ${markdownCode(c.id)} ${outcomeWord(outcome(c), c.grade)}`,
    '',
    ...(deciding.length === 0
      ? [`- ${markdown(primaryReason(c))}`]
      : deciding.map((f) => `- ${markdown(f.message)} (${markdownCode(f.code)})${helpWords(findingFix(f))}`)),
    ...(c.chain === undefined ? [] : [`- Chain: ${markdown(chainText(c) ?? '')}`]),
    ...failingOutputs(c)
      .filter((o) => o.metrics.elements > 0 || o.gate !== undefined)
      .map((o) =>
        o.gate === undefined
          ? `- ${markdownCode(o.name)}: ${mismatchWords(o) ?? 'elements'} outside, max abs ${formatNumber(o.metrics.maxAbs)}, max rel ${formatNumber(o.metrics.maxRel)}; allowed ${markdown(toleranceWords(o))}${judgedWords(o)}`
          : `- ${markdownCode(o.name)}: asked for: ${markdown(o.gate.asked)}${judgedWords(o)}`,
      ),
    ...partLines(c).map((text) => `- ${markdown(text)}`),
    ...c.diagnoses.map((d) => `- **Cause:** ${markdown(d.message)} (${markdownCode(d.code)})`),
    ...(c.firstDivergence === null ? [] : [`- ${markdown(divergenceWords(c.firstDivergence))}`]),
    ...(help !== null && (deciding.length === 0 || failureOf(c) !== null) ? [`- **Do:** ${markdown(help)}`] : []),
    ...c.reproduce.slice(0, 1).map((r) => `- Again: ${markdownCode(r.command)}`),
  ];
}

const judgedWords = (o: OutputComparison): string => {
  const text = judgedLine(o);
  const drift = driftLine(o);
  return `${text === null ? '' : `; ${markdown(text)}`}${drift === null ? '' : `; ${markdown(drift)}`}`;
};

const helpWords = (help: string | null): string => (help === null ? '' : `. ${markdown(help)}`);

function table(cases: readonly ReportCase[]): string[] {
  if (cases.length === 0) return [];
  const rows = cases.slice(0, MOST_ROWS).map((c) => {
    const shown = outcome(c);
    const expected = shown === 'expected' ? (c.expected?.reason ?? '') : '';
    const note =
      expected !== ''
        ? markdown(expected)
        : markdown(numberWords(c)) || (shown === 'pass' ? '' : markdown(primaryReason(c)));
    return `| ${symbol(shown, c.grade)} | ${markdownCode(c.id, true)} | ${outcomeWord(shown, c.grade)} | ${note} |`;
  });
  return [
    '',
    '### All conversions',
    '',
    '| | conversion | verdict | |',
    '| --- | --- | --- | --- |',
    ...rows,
    ...(cases.length > MOST_ROWS ? ['', `… and ${cases.length - MOST_ROWS} more in index.html`] : []),
  ];
}
