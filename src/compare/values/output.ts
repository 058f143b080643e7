import type { RawFinding } from '../../core/findings.ts';
import type { OutputComparison, SampleComparison } from '../../records/comparison.ts';
import { toNum } from '../../records/numbers.ts';
import type { ContractRow } from '../../records/report.ts';
import { type Grade, type Verdict, worstGrade } from '../../records/verdict.ts';
import { gradeByScale } from '../grade.ts';
import { measure } from '../metrics/registry.ts';
import type { Decision } from '../rounding/decide.ts';
import { autoBounds } from '../tolerance/limits.ts';
import type { OutputRule } from '../tolerance/rules.ts';
import { isStructural, verdictOf } from '../verdict.ts';
import { valueFindings } from './findings.ts';
import { toHistogram } from './histogram.ts';
import type { SampleResult } from './judge.ts';
import { addMoments, newMoments } from './moments.ts';

export interface SummaryInput {
  readonly name: string;
  readonly candidateName: string | null;
  readonly pairedBy: ContractRow['pairedBy'];
  readonly rule: OutputRule;
  readonly results: readonly SampleResult[];
  readonly decision: Decision | null;
  /** What the contract and the pairing say about this output. */
  readonly findings: readonly RawFinding[];
}

export interface OutputSummary {
  readonly comparison: OutputComparison;
  /** What the values add to the findings of the contract. */
  readonly findings: readonly RawFinding[];
}

/** One output over all samples: measures pooled, grade and verdict of the worst. */
export function summarise({
  name,
  candidateName,
  pairedBy,
  rule: given,
  results,
  decision,
  findings,
}: SummaryInput): OutputSummary {
  const compared = results.filter((r) => r.status === 'compared');
  // A rule for all outputs means the numbers, not the labels beside them: those stay exact unless they are named.
  const exact =
    compared.some((r) => r.exact) &&
    given.judgedWith === null &&
    (!given.named || (given.expression === null && given.gate === null));
  const rule: OutputRule = exact
    ? { ...given, rule: { kind: 'auto' }, expression: null, gate: null, source: 'exact' }
    : given;
  const total = newMoments(compared[0]?.moments.kind ?? 'number');
  for (const { moments } of compared) addMoments(total, moments);
  const metrics = measure(total);
  // What rounding alone could have done says nothing about the candidate.
  const told = results.filter((r) => r.decision?.answer !== 'silent');
  const pooled =
    total.kind === 'number' &&
    told.length === results.length &&
    compared.some((r) => r.grade !== 'identical' && r.grade !== 'equivalent')
      ? [gradeByScale(total)]
      : [];
  const byValue = worstGrade([...(told.length > 0 ? told : results).flatMap((r) => r.grade ?? []), ...pooled]);
  const own = valueFindings({ name, rule, results, decision, total, metrics, grade: byValue });
  const all = [...findings, ...own];
  const verdict = verdictOf(all);
  const grade: Grade | null = all.some(isStructural) ? 'broken' : byValue;
  const worst = worstSample(compared);
  return {
    findings: own,
    comparison: {
      name,
      candidateName,
      pairedBy,
      referenceDtype: results.find((r) => r.reference !== null)?.reference?.dtype ?? null,
      candidateDtype: results.find((r) => r.candidate !== null)?.candidate?.dtype ?? null,
      verdict,
      grade,
      tolerance: toleranceOf(rule, worst ?? compared[0], decision),
      noiseFloor: floorOf(worst, decision),
      rounding: decision?.rounding ?? null,
      metrics,
      histogram:
        compared.length === 0 || total.kind === 'label'
          ? null
          : toHistogram(total.counts, total.zeros, total.nonFinite),
      worst: worst?.worst[0] ?? null,
      worstElements: [...(worst?.worst ?? [])],
      samples: sampleComparisons(results, rule, own, verdict),
    },
  };
}

/** Where the largest |d| is; a NaN or infinity that only one side has is larger than any number. */
function worstSample(compared: readonly SampleResult[]): SampleResult | undefined {
  const size = ({ moments: m }: SampleResult): number =>
    m.nanMismatches + m.infMismatches > 0 ? Number.POSITIVE_INFINITY : Math.max(m.maxAbs, m.worst[0]?.error ?? 0);
  return compared.reduce<SampleResult | undefined>(
    (w, r) => (size(r) > (w === undefined ? 0 : size(w)) ? r : w),
    undefined,
  );
}

/** Bounds that grow with the scale differ from sample to sample: the record has those of the worst. */
function toleranceOf(
  { source, expression }: OutputRule,
  worst: SampleResult | undefined,
  decision: Decision | null,
): OutputComparison['tolerance'] {
  const bounds = worst?.bounds ?? autoBounds({ dtype: 'float32', scale: 1, outputScale: 1, referenceStep: 0 });
  return {
    ...bounds,
    source: decision !== null && MEASURED.test(source) ? sourceFrom(source, decision) : source,
    ...(expression === null ? {} : { expression: expression.text }),
  };
}

/** Rules that leave to the instruments what rounding is. */
const MEASURED = /^(dtype-table|preset )/;

const sourceFrom = (source: string, { rounding }: Decision): string =>
  source === 'dtype-table' ? rounding.instrument : `${source}, ${rounding.instrument}`;

/** The floor of the sample that is furthest off. */
function floorOf(worst: SampleResult | undefined, decision: Decision | null): OutputComparison['noiseFloor'] {
  const floor = worst === undefined ? null : (decision?.samples.get(worst.sample)?.floor ?? null);
  return floor === null ? null : toNum(floor);
}

function sampleComparisons(
  results: readonly SampleResult[],
  rule: OutputRule,
  own: readonly RawFinding[],
  verdict: Verdict,
): SampleComparison[] {
  const verdicts =
    rule.expression === null ? results.map(verdictByBounds) : verdictsByExpression(results, rule, own, verdict);
  return results.map((r, i) => {
    const metrics = measure(r.moments);
    return {
      sample: r.sample,
      maxAbs: r.status === 'compared' ? metrics.maxAbs : null,
      scaled: r.status === 'compared' ? metrics.scaled : null,
      mismatchFraction: r.status === 'compared' ? metrics.mismatchFraction : null,
      floor: r.decision?.floor == null ? null : toNum(r.decision.floor),
      ratio: r.decision?.ratio == null ? null : toNum(r.decision.ratio),
      verdict: verdicts[i] ?? 'unverifiable',
      grade: r.grade,
    };
  });
}

function verdictByBounds({ status, passes, decision }: SampleResult): Verdict {
  if (status === 'empty' || (decision?.answer === 'silent' && passes)) return 'unverifiable';
  return status === 'compared' && passes ? 'pass' : 'fail';
}

/**
 * An expression judges the output as a whole. Where it holds its samples pass; where it does not, those that hold it
 * by themselves pass and the others show where to look, and if none stands out they share the verdict.
 */
function verdictsByExpression(
  results: readonly SampleResult[],
  { expression }: OutputRule,
  own: readonly RawFinding[],
  whole: Verdict,
): Verdict[] {
  const failed = own.some((f) => f.code === 'expression-false');
  const alone = results.map((r): Verdict => {
    if (r.status !== 'compared') return verdictByBounds(r);
    if (own.some((f) => f.severity === 'error' && mismatches(f, r))) return 'fail';
    if (!failed) return whole === 'unverifiable' && r.grade !== 'identical' ? 'unverifiable' : 'pass';
    const metrics = measure(r.moments);
    const defined = expression?.measures.every((m) => metrics[m] !== null) === true;
    return r.grade === 'identical' || (defined && expression?.holds(metrics) === true) ? 'pass' : 'fail';
  });
  return failed && !alone.includes('fail')
    ? results.map((r, i) => (r.status === 'compared' ? 'fail' : (alone[i] ?? 'fail')))
    : alone;
}

const mismatches = (finding: RawFinding, { moments }: SampleResult): boolean =>
  (finding.code === 'nan-differs' && moments.nanMismatches > 0) ||
  (finding.code === 'inf-differs' && moments.infMismatches > 0);
