import { appendFile } from 'node:fs/promises';
import type { Report, ReportCase } from '../../records/report.ts';
import { visible } from '../escape.ts';
import { primaryReason, remedy, runFindings, worstFirst } from '../explain.ts';
import type { Reporter } from '../reporter.ts';
import { blocks, outcome, outcomeWord, totalsSentence, verdictSentence } from '../words.ts';
import { summaryMarkdown } from './markdown.ts';

/** GitHub shows ten errors and ten warnings a step and drops the rest without a word. */
const MOST_ANNOTATIONS = 10;

/** Annotations as workflow commands on stdout, and summary.md appended to the step's summary. */
export const createGithub = (): Reporter => ({
  name: 'github',
  async onRunEnd(report, ctx) {
    const lines = annotations(report);
    if (lines.length > 0) ctx.stdout.write(`${lines.join('\n')}\n`);
    const summary = ctx.env.GITHUB_STEP_SUMMARY;
    if (summary !== undefined && summary !== '') await appendFile(summary, `${summaryMarkdown(report)}\n`);
  },
});

/** `::error …` for what breaks parity, `::warning …` for what deserves a look; worst first, the last one counts the rest. */
export function annotations(report: Report): string[] {
  const wrong = worstFirst(report.cases.filter(blocks));
  const errors = [
    ...runFindings(report)
      .filter((f) => f.severity === 'error')
      .map((f) => command('error', { title: `onpar: ${f.code}` }, f.message)),
    ...wrong.map((c) => caseCommand('error', c, report)),
  ];
  if (errors.length === 0 && report.run.exitCode !== 0)
    errors.push(command('error', { title: 'onpar' }, `${verdictSentence(report)}: ${totalsSentence(report)}`));
  const warnings = report.cases
    .filter((c) => !blocks(c) && c.findings.some((f) => f.severity === 'warning'))
    .map((c) => caseCommand('warning', c, report));
  return [...capped('error', errors), ...capped('warning', warnings)];
}

type Level = 'error' | 'warning';

function caseCommand(level: Level, c: ReportCase, report: Report): string {
  const help = level === 'error' ? remedy(c) : null;
  const message =
    level === 'error'
      ? primaryReason(c)
      : c.findings
          .filter((f) => f.severity === 'warning')
          .map((f) => f.message)
          .join('\n');
  return command(
    level,
    { ...place(c, report), title: `${c.id}: ${outcomeWord(outcome(c), c.grade)}` },
    help === null ? message : `${message}\n${help}`,
  );
}

/** The source line that diverges first, else the suite file: GitHub hangs the annotation there in the diff. */
function place(c: ReportCase, report: Report): Record<string, string> {
  const source = /^(.+):(\d+)$/.exec(c.firstDivergence?.source ?? '');
  if (source?.[1] !== undefined && source[2] !== undefined) return { file: source[1], line: source[2] };
  return /^\S+\.(ya?ml|json|[cm]?[jt]s)$/.test(report.run.title) ? { file: report.run.title } : {};
}

function capped(level: Level, lines: readonly string[]): string[] {
  if (lines.length <= MOST_ANNOTATIONS) return [...lines];
  const shown = lines.slice(0, MOST_ANNOTATIONS - 1);
  return [
    ...shown,
    command(
      level,
      { title: 'onpar' },
      `${lines.length - shown.length} more conversions: see the step summary or index.html`,
    ),
  ];
}

/** One workflow command. Escaped as @actions/core does it, after control characters were made visible. */
export function command(level: Level, properties: Readonly<Record<string, string>>, message: string): string {
  const data = (text: string): string =>
    text.split('\n').map(visible).join('\n').replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
  const property = (text: string): string => data(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
  const list = Object.entries(properties).map(([key, value]) => `${key}=${property(value)}`);
  return `::${level}${list.length > 0 ? ` ${list.join(',')}` : ''}::${data(message)}`;
}
