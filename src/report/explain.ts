import { CATALOGUE } from '../core/finding-catalogue.ts';
import type { OutputComparison } from '../records/comparison.ts';
import type { FailureRecord, Finding } from '../records/finding.ts';
import { fromNum, type Num } from '../records/numbers.ts';
import type { Report, ReportCase } from '../records/report.ts';
import type { Grade } from '../records/verdict.ts';
import { byRounding } from './judged.ts';
import { formatNumber, formatPercent } from './numbers.ts';
import { type Outcome, outcome } from './words.ts';

const RANK: Record<Outcome, number> = { fail: 0, error: 1, unverifiable: 4, skipped: 5, expected: 6, pass: 7 };
const FAIL_RANK: Partial<Record<Grade, number>> = { broken: 0, different: 2, close: 3 };

/** Worst first: broken, errors, different, close, unverifiable, skipped, expected, pass; within one kind the larger error. */
export function worstFirst(cases: readonly ReportCase[]): ReportCase[] {
  const keyed = cases.map((c, at) => {
    const shown = outcome(c);
    const rank = shown === 'fail' && c.grade !== null ? (FAIL_RANK[c.grade] ?? RANK.fail) : RANK[shown];
    return { c, at, rank, size: sortable(largestScaled(c)) };
  });
  return keyed.sort((a, b) => a.rank - b.rank || b.size - a.size || a.at - b.at).map(({ c }) => c);
}

// NaN means that one side has it and the other not: nothing is worse.
const sortable = (value: Num | null): number => {
  const n = value === null ? -1 : fromNum(value);
  return Number.isNaN(n) ? Number.MAX_VALUE : Math.min(n, Number.MAX_VALUE);
};

/** The largest `scaled` over the outputs: the one number that a matrix cell has room for. */
export const largestScaled = (c: Pick<ReportCase, 'outputs'>): Num | null =>
  largest(c.outputs.map((o) => o.metrics.scaled));

/** The largest ratio of error to noise floor over outputs and samples; null in runs that measured no floor. */
export const largestRatio = (c: Pick<ReportCase, 'outputs'>): Num | null =>
  largest(c.outputs.flatMap((o) => [o.rounding?.ratio ?? null, ...o.samples.map((s) => s.ratio)]));

const largest = (values: readonly (Num | null)[]): Num | null =>
  values.reduce((worst, value) => (sortable(value) > sortable(worst) ? value : worst), null);

/** What went wrong outside values: the first of reference, candidate and sample failures. */
export function failureOf(c: ReportCase): { readonly side: string; readonly failure: FailureRecord } | null {
  if (c.reference.failure) return { side: 'reference', failure: c.reference.failure };
  if (c.candidate.failure) return { side: 'candidate', failure: c.candidate.failure };
  const sample = c.samples.find((s) => s.failure !== undefined);
  return sample?.failure ? { side: `sample ${sample.id}`, failure: sample.failure } : null;
}

/** Findings beside the failure itself, which is shown with its fix and traceback, not twice. */
export function findingsOf(c: ReportCase): Finding[] {
  const failure = failureOf(c);
  return sortFindings(c.findings).filter(
    (f) => failure === null || f.code !== failure.failure.code || f.where !== failure.side,
  );
}

/** Findings that decide, before warnings and remarks; otherwise in the order of the record. */
export const sortFindings = (findings: readonly Finding[]): Finding[] =>
  (['error', 'warning', 'info'] as const).flatMap((s) => findings.filter((f) => f.severity === s));

/** The one sentence to show where there is room for one: cause, else deciding finding, else failure, else grade. */
export function primaryReason(c: ReportCase): string {
  const finding = c.findings.find((f) => f.severity === 'error');
  return (
    finding?.message ??
    failureOf(c)?.failure.message ??
    c.findings[0]?.message ??
    (c.grade === null ? c.verdict : `graded ${c.grade}`)
  );
}

/** What to do about a conversion: against a cause that was found, else the failure's own fix, else that of the first finding that has one. */
export function remedy(c: ReportCase): string | null {
  const cause = c.diagnoses.find(({ code }) => code !== 'unknown')?.next;
  const fix = cause ?? failureOf(c)?.failure.fix;
  if (fix !== undefined) return fix;
  const fixes = sortFindings(c.findings).map(findingFix);
  return fixes.find((f) => f !== null) ?? null;
}

/** What a code means, from the catalogue; null for a code that this version does not know. */
export function findingHelp({ code }: Pick<Finding, 'code'>): string | null {
  const catalogue: Record<string, { readonly help: string }> = CATALOGUE;
  return Object.hasOwn(catalogue, code) ? (catalogue[code]?.help ?? null) : null;
}

/** The catalogue explains a code and advises in one text; advice is what begins with a verb that asks for something. */
const IMPERATIVE =
  /^(Add|Ask|Calibrate|Call|Check|Choose|Declare|Export|Give|Install|List|Look|Lower|Map|Mark|Mask|Name|Pass|Pin|Raise|Remove|Rename|Run|See|Set|Try|Update|Upgrade|Use|Write)\b/;

/** What to do: the finding's own `fix` argument, else the advice in its catalogue line. */
export function findingFix(finding: Pick<Finding, 'code' | 'args'>): string | null {
  if (typeof finding.args.fix === 'string') return finding.args.fix;
  const advice = (findingHelp(finding) ?? '').split(/(?<=\.)\s+(?=[A-Z`])/).filter((s) => IMPERATIVE.test(s));
  return advice.length === 0 ? null : advice.join(' ');
}

/** Outputs that did not pass, worst record order kept. */
export const failingOutputs = (c: ReportCase): OutputComparison[] => c.outputs.filter((o) => o.verdict !== 'pass');

/** `12 of 32 elements (37.5 %)`, numpy's first line. */
export function mismatchWords({ metrics }: Pick<OutputComparison, 'metrics'>): string | null {
  if (metrics.mismatchFraction === null) return null;
  const fraction = fromNum(metrics.mismatchFraction);
  return `${Math.round(fraction * metrics.elements)} of ${metrics.elements} elements (${formatPercent(fraction)})`;
}

/** The tolerance in words: `atol 1e-5 + rtol 1.3e-6·|reference| (dtype-table)`, or `rounding, as measured`. */
export function toleranceWords(o: OutputComparison): string {
  const t = o.tolerance;
  if (byRounding(o) && o.rounding?.instrument !== 'dtype-table') return 'rounding, as measured (auto)';
  if (t.expression !== undefined) return `${t.expression} (${t.source})`;
  if (fromNum(t.atol) === 0 && fromNum(t.rtol) === 0) return `exact (${t.source})`;
  return `atol ${formatNumber(t.atol)} + rtol ${formatNumber(t.rtol)}·|reference| (${t.source})`;
}

/** A few words on the numbers of a conversion: `max 2.1e-7 of scale`. Empty where nothing was compared or nothing differs. */
export function numberWords(c: Pick<ReportCase, 'outputs'>): string {
  const ratio = largestRatio(c);
  if (ratio !== null) return `${formatNumber(ratio, 2)}× the noise floor`;
  const scaled = largestScaled(c);
  if (scaled === null) return '';
  const size = fromNum(scaled);
  if (size === 0) return '';
  return Number.isNaN(size) ? 'NaN on one side only' : `max error ${formatNumber(scaled, 2)} of scale`;
}

/** Findings about the run as a whole that decide or warn. */
export const runFindings = (report: Report): Finding[] => sortFindings(report.run.findings);
