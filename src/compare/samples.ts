import type { OutputComparison, SampleComparison } from '../records/comparison.ts';
import { fromNum } from '../records/numbers.ts';
import type { Sample } from '../records/sample.ts';
import { GRADES, type Verdict, worstVerdict } from '../records/verdict.ts';
import type { Accounts } from './accounting.ts';
import type { ComparedSample } from './input.ts';

/** Each planned sample over all outputs. An output without elements says nothing where another one has some. */
export function judgeSamples(
  samples: readonly Sample[],
  { failures }: Accounts,
  outputs: readonly OutputComparison[],
  unfit: boolean,
): ComparedSample[] {
  return samples.map(({ id }) => {
    const failed = failures.get(id);
    if (failed !== undefined) {
      const { by, failure } = failed;
      const proves = by === 'candidate' && failure.code !== 'sample-not-run' && !unfit;
      return { id, verdict: proves ? 'fail' : 'unverifiable', failure };
    }
    if (unfit) return { id, verdict: 'unverifiable' };
    return { id, verdict: worstOver(cells(outputs, id)) };
  });
}

const cells = (outputs: readonly OutputComparison[], id: string): SampleComparison[] =>
  outputs.flatMap((o) => o.samples.filter((s) => s.sample === id));

function worstOver(ofSample: readonly SampleComparison[]): Verdict {
  const counted = ofSample.filter((s) => s.grade !== null);
  return worstVerdict(counted.map((s) => s.verdict));
}

const RANK: Readonly<Record<Verdict, number>> = { pass: 0, skipped: 1, unverifiable: 2, error: 3, fail: 3 };

/**
 * The sample whose tensors are kept: the worst verdict, among equals one with outputs, the worst grade, the largest
 * error for its scale. Null when no sample says anything.
 */
export function pickWorst(samples: readonly ComparedSample[], outputs: readonly OutputComparison[]): string | null {
  const key = ({ id, verdict, failure }: ComparedSample): number[] => {
    const ofSample = cells(outputs, id);
    const grades = ofSample.map((s) => (s.grade === null ? -1 : GRADES.indexOf(s.grade)));
    const scaled = ofSample.map((s) => (s.scaled === null ? -1 : fromNum(s.scaled)));
    return [RANK[verdict], failure === undefined ? 1 : 0, Math.max(-1, ...grades), Math.max(-1, ...scaled)];
  };
  const candidates = samples.filter(
    (s) => s.failure !== undefined || cells(outputs, s.id).some((c) => c.grade !== null),
  );
  const [first, ...rest] = candidates.map((s) => ({ id: s.id, key: key(s) }));
  if (first === undefined) return null;
  return rest.reduce((worst, s) => (greater(s.key, worst.key) ? s : worst), first).id;
}

/** Lexicographic; the earlier sample stays among equals. */
function greater(a: readonly number[], b: readonly number[]): boolean {
  const at = a.findIndex((value, i) => value !== b[i]);
  return at >= 0 && (a[at] as number) > (b[at] as number);
}
