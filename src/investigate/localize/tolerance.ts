import type { CaseFacts } from '../lab.ts';

/**
 * Below this share of rms two float64 values of one quantity agree: rewritten float32 weights (folded batch-norms, Winograd
 * transforms) move a tensor by 3e-7 to 1e-6 where they act, other sums by less than 1e-9.
 */
export const SAME_FUNCTION = 1e-6;

/**
 * Values as deployed: unit roundoff of the declared precision times what a layer commonly makes of it. int8 is the step of
 * a symmetric grid at three rms.
 */
export const AS_DEPLOYED: Readonly<Record<CaseFacts['declared'], number>> = {
  float32: 1e-5,
  float16: 4e-3,
  bfloat16: 3e-2,
  int8: 5e-2,
};

/** How far beyond the reference's own rounding a tensor may lie: kernels differ in the order of their sums. */
const OF_REFERENCE = 8;

/** Tolerance of each tensor: a floor for all, more where the reference itself strays further from its float64 values. */
export const toleranceOf =
  (floor: number, strays: ReadonlyMap<string, number>): ((tensor: string) => number) =>
  (tensor) =>
    Math.max(floor, OF_REFERENCE * (strays.get(tensor) ?? 0));
