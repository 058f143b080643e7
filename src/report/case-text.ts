import type { OutputComparison } from '../records/comparison.ts';
import type { FailureRecord, Finding } from '../records/finding.ts';
import type { Diagnosis, ReportCase } from '../records/report.ts';
import { experimentText, investigationRemark } from './cause-text.ts';
import { chainText } from './chain-text.ts';
import { driftLine, partLines } from './drift.ts';
import { visible, visibleLines } from './escape.ts';
import { failingOutputs, failureOf, findingFix, findingsOf, mismatchWords, toleranceWords } from './explain.ts';
import { judgedLine, remarksOf } from './judged.ts';
import { difference, formatNumber, formatPair } from './numbers.ts';

/** A traceback or log longer than this is read in the report, not in a terminal. */
const DETAIL_LINES = 14;
/** Width at which a value is cut so that the table of worst places stays a table. */
const VALUE_WIDTH = 26;

/** How a line is to be read; the terminal colours by it, plain text ignores it. */
export type LineKind = 'finding' | 'fix' | 'number' | 'row' | 'detail' | 'command';
interface TextLine {
  readonly kind: LineKind;
  readonly text: string;
}

/** Why a conversion did not pass, in lines of safe text: findings, what failed, cause, place, numpy's numbers, command. */
export function caseLines(c: ReportCase): TextLine[] {
  const deciding = findingsOf(c).filter((f) => f.severity !== 'info');
  const failure = failureOf(c);
  return [
    ...deciding.flatMap(findingLines),
    ...chainLine(c),
    ...(failure === null ? [] : failureLines(failure.side, failure.failure)),
    ...c.diagnoses.flatMap(causeLines),
    ...(c.firstDivergence === null ? [] : [line('finding', divergenceWords(c.firstDivergence))]),
    ...remarkLine(investigationRemark(c)),
    ...failingOutputs(c).flatMap(outputLines),
    ...partLines(c).map((text) => line('number', text)),
    ...triedSizes(c),
    ...c.reproduce.slice(0, 1).map((r) => line('command', `again: ${r.command}`)),
  ];
}

/** A cause, the experiment that shows it, and what to do. */
function causeLines(d: Diagnosis): TextLine[] {
  const experiment = experimentText(d);
  return [
    line('finding', `cause: ${d.message} [${d.code}]`),
    ...(experiment === null ? [] : [line('number', `shown by: ${experiment}`)]),
    ...(d.next === undefined ? [] : [line('fix', d.next)]),
  ];
}

/** How each link of a chain fared, in one line. */
function chainLine(c: ReportCase): TextLine[] {
  const text = chainText(c);
  return text === null ? [] : [line('number', `chain: ${text}`)];
}

/** Which sizes were run: a failure at one of them reads differently when no other was. */
function triedSizes({ coverage }: ReportCase): TextLine[] {
  const dims = Object.entries(coverage?.dims ?? {});
  return dims.length === 0
    ? []
    : [line('number', `sizes tried: ${dims.map(([name, sizes]) => `${name} ${sizes.join(', ')}`).join(' · ')}`)];
}

/** The same as plain text, for JUnit. */
export const caseText = (c: ReportCase): string[] =>
  caseLines(c).map(({ kind, text }) => (kind === 'finding' ? text : `  ${text}`));

const optional = (kind: LineKind, text: string | null): TextLine[] => (text === null ? [] : [line(kind, text)]);

const remarkLine = (text: string | null): TextLine[] => (text === null ? [] : [line('number', text)]);

const line = (kind: LineKind, text: string): TextLine => ({ kind, text: visible(text) });

export const divergenceWords = (d: NonNullable<ReportCase['firstDivergence']>): string =>
  `first wrong at ${d.tensor} (${d.opType} ${d.node}${d.source === null ? '' : `, ${d.source}`})`;

function findingLines(finding: Finding): TextLine[] {
  const fix = findingFix(finding);
  return [line('finding', `${finding.message} [${finding.code}]`), ...(fix === null ? [] : [line('fix', fix)])];
}

function failureLines(side: string, failure: FailureRecord): TextLine[] {
  const detail = failure.detail === undefined ? [] : visibleLines(failure.detail).filter((l) => l.trim() !== '');
  // The end of a traceback is where the reason stands.
  const shown = detail.slice(-DETAIL_LINES);
  return [
    line('finding', `${side}: ${failure.message} [${failure.code}]`),
    ...(failure.fix === undefined ? [] : [line('fix', failure.fix)]),
    ...(detail.length > shown.length ? [line('detail', `… ${detail.length - shown.length} lines above`)] : []),
    ...shown.map((text): TextLine => ({ kind: 'detail', text })),
  ];
}

function outputLines(o: OutputComparison): TextLine[] {
  const m = o.metrics;
  // Sets of boxes of another count each time have a judgement, and no elements that could be held against each other.
  if (m.elements === 0) return o.gate === undefined ? [] : [line('finding', headline(o)), ...judged(o)];
  const measured = `max abs ${formatNumber(m.maxAbs)} · max rel ${formatNumber(m.maxRel)} · of scale ${formatNumber(m.scaled)}`;
  return [
    line('finding', headline(o)),
    line('number', o.gate === undefined ? `${measured} · allowed ${toleranceWords(o)}` : measured),
    ...optional('number', driftLine(o)),
    ...judged(o),
    ...(m.nanMismatches + m.infMismatches > 0
      ? [line('number', `NaN differs at ${m.nanMismatches}, infinity at ${m.infMismatches} places`)]
      : []),
    ...worstRows(o),
  ];
}

/** How much of an output is off; how many elements lie outside means nothing where its task is judged. */
function headline(o: OutputComparison): string {
  if (o.gate !== undefined) return `${o.name}: asked for: ${o.gate.asked}`;
  const mismatch = mismatchWords(o);
  return mismatch === null
    ? `${o.name}: ${o.metrics.elements} elements compared`
    : `${o.name}: ${mismatch} outside the tolerance`;
}

/** The instrument's answer in one line, then what limits it. */
function judged(o: OutputComparison): TextLine[] {
  const text = judgedLine(o);
  if (text === null) return [];
  const remarks = o.rounding == null || o.gate !== undefined ? [] : remarksOf(o.rounding);
  return [line('number', text), ...(remarks.length === 0 ? [] : [line('number', remarks.join('; '))])];
}

function worstRows(o: OutputComparison): TextLine[] {
  const elements = o.worstElements.length > 0 ? o.worstElements.slice(0, 5) : o.worst === null ? [] : [o.worst];
  const first = elements[0];
  if (first === undefined) return [];
  const rows = elements.map((e) => {
    const [reference, candidate] = formatPair(e.reference, e.candidate);
    const d = difference(e.reference, e.candidate);
    return [`[${e.index.join(', ')}]`, cut(reference), cut(candidate), d === null ? '' : formatNumber(d)];
  });
  const table = [['index', 'reference', 'candidate', '|difference|'], ...rows];
  const widths = [0, 1, 2, 3].map((i) => Math.max(...table.map((r) => (r[i] ?? '').length)));
  return [
    line(
      'number',
      elements.length === 1 ? `worst place, in sample ${first.sample}:` : `worst places, in sample ${first.sample}:`,
    ),
    ...table.map((r) =>
      line(
        'row',
        `  ${r.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join('  ')}`.trimEnd(),
      ),
    ),
  ];
}

const cut = (text: string): string => (text.length > VALUE_WIDTH ? `${text.slice(0, VALUE_WIDTH - 1)}…` : text);
