import type { Report, ReportCase } from '../../records/report.ts';
import { caseLines, type LineKind } from '../case-text.ts';
import { chainText } from '../chain-text.ts';
import { visible } from '../escape.ts';
import { numberWords, primaryReason, runFindings, worstFirst } from '../explain.ts';
import { formatDuration } from '../numbers.ts';
import { outcome, outcomeWord, symbol, totalsSentence, verdictSentence } from '../words.ts';
import { clip, type Paint, type Palette, padEnd, paintFor, shorten, textWidth, wrap } from './style.ts';

/** After this many explained conversions a terminal is the wrong place; the report has them all. */
const MOST_EXPLAINED = 20;

/** GitHub's runner obeys `##[…` anywhere in a line and `::…` at its start, also when a model's name wrote it. */
const tame = (text: string): string => text.replaceAll('##[', '## [');

/** One quiet line a conversion: `≡ digits/onnx@onnxruntime  equivalent  max error 2.1e-7 of scale`. */
export function conversionLine(c: ReportCase, p: Palette, columns: number): string {
  const shown = outcome(c);
  const paint = paintFor(p, shown, c.grade);
  const word = outcomeWord(shown, c.grade);
  const idRoom = Math.max(20, Math.min(64, Math.floor(columns * 0.5)));
  const id = padEnd(shorten(tame(visible(c.id)), idRoom), Math.min(44, idRoom));
  const head = `  ${symbol(shown, c.grade)} ${id}  ${padEnd(word, 14)}`;
  const note = clip(tame(noteOf(c)), Math.max(12, columns - textWidth(head) - 2));
  return `  ${paint(symbol(shown, c.grade))} ${id}  ${paint(padEnd(word, 14))}  ${p.dim(note)}`.trimEnd();
}

function noteOf(c: ReportCase): string {
  const shown = outcome(c);
  if (shown === 'expected') {
    return visible(
      `${c.expected?.reason ?? ''}${c.expected?.until === undefined ? '' : ` (until ${c.expected.until})`}`,
    );
  }
  if (shown === 'skipped' || shown === 'error' || shown === 'unverifiable') {
    return visible(`${c.optional && shown === 'skipped' ? 'optional: ' : ''}${primaryReason(c)}`);
  }
  const cached = c.steps.total > 0 && c.steps.cached === c.steps.total ? 'cached' : '';
  const end = c.chain?.link === c.chain?.links.length ? chainText(c) : null;
  return [numberWords(c), end ?? '', cached].filter((part) => part !== '').join(' · ');
}

/** The explanation under a conversion that did not pass. */
export function explanation(c: ReportCase, p: Palette, columns: number): string[] {
  const shown = outcome(c);
  const paint = paintFor(p, shown, c.grade);
  const paints: Record<LineKind, Paint> = {
    finding: (t) => t,
    fix: p.cyan,
    number: (t) => t,
    row: p.dim,
    detail: p.dim,
    command: p.dim,
  };
  const body = caseLines(c).flatMap(({ kind, text }) => {
    // A table row or a traceback line is not prose: wrapping would break it. The bar keeps `::` from starting a line.
    if (kind === 'row') return [paints.row(`    ${tame(text)}`)];
    if (kind === 'detail') return [paints.detail(`    │ ${tame(text)}`)];
    const [first = '', ...rest] = wrap(tame(text), kind === 'finding' ? '    ' : '      ', Math.min(columns, 110));
    const marked =
      kind === 'finding'
        ? `  - ${first.slice(4)}`
        : kind === 'fix'
          ? `    → ${first.slice(6)}`
          : `    ${first.slice(6)}`;
    return [marked, ...rest].map(paints[kind]);
  });
  return [
    '',
    `${paint(`${symbol(shown, c.grade)} ${tame(visible(c.id))}`)}  ${paint(outcomeWord(shown, c.grade))}`,
    ...body,
  ];
}

/** Where a pass may hide a fault, a line each; the conversions of a case share what its reference says. */
const unseen = (cases: readonly ReportCase[]): string[] => [
  ...new Set(
    cases
      .filter((c) => outcome(c) === 'pass')
      .flatMap((c) =>
        c.findings
          .filter((f) => f.code === 'activation-dead' && f.severity === 'warning')
          .map((f) => `${f.where.startsWith('reference') ? c.case : c.id}: ${f.message} [${f.code}]`),
      ),
  ),
];

/** What stands below the conversions: explanations worst first, findings about the run, totals and what the exit code means. */
export function closing(report: Report, p: Palette, columns: number): string[] {
  const wrong = worstFirst(report.cases.filter((c) => ['fail', 'error', 'unverifiable'].includes(outcome(c))));
  const hidden = wrong.length - MOST_EXPLAINED;
  const good = report.run.exitCode === 0;
  return [
    ...wrong.slice(0, MOST_EXPLAINED).flatMap((c) => explanation(c, p, columns)),
    ...(hidden > 0 ? ['', `… and ${hidden} more in the report`] : []),
    // A mark that is out of date breaks nothing, but someone has to take it away.
    ...report.cases.flatMap((c) =>
      c.findings
        .filter((f) => f.code === 'expected-failure-passed')
        .flatMap((f) => ['', ...wrap(tame(visible(`${c.id}: ${f.message}`)), '  ', columns)]),
    ),
    ...unseen(report.cases).flatMap((text) => ['', ...wrap(tame(visible(text)), '  ', columns)]),
    ...runFindings(report).flatMap((f) => ['', ...wrap(tame(visible(`${f.message} [${f.code}]`)), '  ', columns)]),
    '',
    `${p.bold((good ? p.green : p.red)(verdictSentence(report)))}: ${totalsSentence(report)}`,
    p.dim(
      [
        formatDuration(report.run.durationMs),
        cachedWords(report),
        `seed ${report.run.seed}`,
        report.run.partial ? 'partial run' : '',
        report.run.shard === null ? '' : `shard ${report.run.shard.index}/${report.run.shard.count}`,
        `exit code ${report.run.exitCode}`,
      ]
        .filter((part) => part !== '')
        .join(' · '),
    ),
  ];
}

function cachedWords(report: Report): string {
  const total = report.cases.reduce((sum, c) => sum + c.steps.total, 0);
  const cached = report.cases.reduce((sum, c) => sum + c.steps.cached, 0);
  return cached === 0 ? '' : cached === total ? 'all steps cached' : `${cached} of ${total} steps cached`;
}
