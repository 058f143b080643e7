import type { OutputComparison, SampleComparison } from '../../records/comparison.ts';
import type { Verdict } from '../../records/verdict.ts';
import type { SampleResult } from '../values/judge.ts';
import type { GateOutcome } from './judge-gates.ts';

/**
 * An output with what its gate came to. Grades stay: a gate moves what passes, never what a difference is called. A sample
 * passes with the gate as a whole; where that does not hold, the samples that reach the limit by themselves pass, and if
 * none stands out all share the verdict. NaN and infinities on one side only fail whatever the gate says.
 */
export function withGate(
  output: OutputComparison,
  { result, bySample }: GateOutcome,
  results: readonly SampleResult[],
  isJudgedWith: string | null,
): OutputComparison {
  const asked = result === null ? output.tolerance.expression : result.asked;
  const unfit = new Set(results.filter(({ moments: m }) => m.nanMismatches + m.infMismatches > 0).map((r) => r.sample));
  // Only sets may have another shape.
  const isSet = result?.name === 'iou';
  const misshapen = new Set(results.filter((r) => r.status !== 'compared' && !isSet).map((r) => r.sample));
  const standsOut = [...bySample.values()].includes(false);
  const verdictOf = (s: SampleComparison): Verdict => {
    if (unfit.has(s.sample)) return 'fail';
    if (misshapen.has(s.sample)) return s.verdict;
    if (result === null || output.verdict === 'unverifiable') return output.verdict;
    if (result.holds) return 'pass';
    return standsOut && bySample.get(s.sample) !== false ? 'pass' : 'fail';
  };
  return {
    ...output,
    tolerance: {
      ...output.tolerance,
      ...(asked === undefined ? {} : { expression: isJudgedWith === null ? asked : `with ${isJudgedWith}: ${asked}` }),
    },
    ...(result === null || isJudgedWith !== null ? {} : { gate: result }),
    samples: output.samples.map((s) => ({ ...s, verdict: s.grade === null ? s.verdict : verdictOf(s) })),
  };
}
