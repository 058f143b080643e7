import { newCounts } from './histogram.ts';

/** How many of the worst elements are kept; numpy's messages show five as well. */
export const WORST = 5;

/** A place where the two sides differ. `error` is |candidate − reference|, infinite where NaN or infinities disagree. */
export interface Place {
  readonly at: number;
  readonly error: number;
}

/** Which measures make sense: all of `number`, only distances of `integer`, only counts of `label` (strings, bools). */
export type MomentsKind = 'number' | 'integer' | 'label';

/**
 * Everything that one pass over the data leaves behind. Every metric is computed from this, the sums can be added over
 * samples, and a faster kernel (WASM SIMD) has to fill in nothing else.
 */
export interface Moments {
  kind: MomentsKind;
  elements: number;
  /** Elements that agree exactly (NaN agrees with NaN, an infinity with itself). */
  zeros: number;
  /** Elements where either side is NaN or infinite. */
  nonFinite: number;
  finiteReference: number;
  nanMismatches: number;
  infMismatches: number;
  /** Elements outside the tolerance, mismatches of NaN and infinities included. */
  violations: number;
  ties: number;
  maxAbs: number;
  /** The exact distance where a double cannot hold it (64-bit integers). */
  maxAbsExact: bigint | null;
  /** max |d| / |reference| over references other than 0. */
  maxRel: number;
  /** Sums over elements that are finite on both sides. */
  sumAbs: number;
  sumSquares: number;
  sumCandidate: number;
  sumProduct: number;
  /** Σ reference² over the elements finite on both sides, for the cosine. */
  sumReference: number;
  /** rms over all finite references, NaN without any. An rms and not a sum: squares of large doubles overflow. */
  scale: number;
  rows: number;
  rowsAgreeing: number;
  readonly counts: Float64Array;
  /** Worst first; of one sample, since a flat index means nothing across samples. */
  worst: Place[];
  /** The largest |d| among the elements outside the tolerance. */
  worstOutside: Place | null;
}

export const newMoments = (kind: MomentsKind): Moments => ({
  kind,
  elements: 0,
  zeros: 0,
  nonFinite: 0,
  finiteReference: 0,
  nanMismatches: 0,
  infMismatches: 0,
  violations: 0,
  ties: 0,
  maxAbs: 0,
  maxAbsExact: null,
  maxRel: 0,
  sumAbs: 0,
  sumSquares: 0,
  sumCandidate: 0,
  sumProduct: 0,
  sumReference: 0,
  scale: Number.NaN,
  rows: 0,
  rowsAgreeing: 0,
  counts: newCounts(),
  worst: [],
  worstOutside: null,
});

const SUMS = [
  'elements',
  'zeros',
  'nonFinite',
  'finiteReference',
  'nanMismatches',
  'infMismatches',
  'violations',
  'ties',
  'sumAbs',
  'sumSquares',
  'sumCandidate',
  'sumProduct',
  'sumReference',
  'rows',
  'rowsAgreeing',
] as const;

/** Adds the moments of one more sample; places stay those of their own sample. */
export function addMoments(total: Moments, more: Moments): void {
  total.scale = pooledScale([total, more]);
  for (const key of SUMS) total[key] += more[key];
  total.maxAbs = Math.max(total.maxAbs, more.maxAbs);
  total.maxRel = Math.max(total.maxRel, more.maxRel);
  if (more.maxAbsExact !== null && (total.maxAbsExact === null || more.maxAbsExact > total.maxAbsExact)) {
    total.maxAbsExact = more.maxAbsExact;
  }
  for (let i = 0; i < total.counts.length; i++) total.counts[i] = (total.counts[i] ?? 0) + (more.counts[i] ?? 0);
}

/** Joins the moments of a later piece of the same tensor, whose first element has the index `base`. All but `scale`. */
export function mergeMoments(total: Moments, more: Moments, base: number): void {
  const { scale } = total;
  addMoments(total, more);
  total.scale = scale;
  const moved = ({ at, error }: Place): Place => ({ at: base + at, error });
  const places = [...total.worst, ...more.worst.map(moved)];
  // Infinite errors are equal, and their difference would be NaN. The sort is stable: the earlier index comes first.
  total.worst = places.sort((a, b) => (a.error === b.error ? 0 : b.error - a.error)).slice(0, WORST);
  const outside = more.worstOutside;
  if (outside !== null && outside.error > (total.worstOutside?.error ?? -1)) total.worstOutside = moved(outside);
}

/** The rms over several tensors from the rms of each. */
export function pooledScale(parts: readonly Pick<Moments, 'scale' | 'finiteReference'>[]): number {
  const counted = parts.filter((p) => p.finiteReference > 0);
  if (counted.length === 0) return Number.NaN;
  const count = counted.reduce((n, p) => n + p.finiteReference, 0);
  return Math.hypot(...counted.map((p) => p.scale * Math.sqrt(p.finiteReference / count)));
}
