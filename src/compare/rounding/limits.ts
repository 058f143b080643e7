import type { PerturbStep } from '../../records/variant.ts';

/**
 * Unit roundoff of the precisions whose rounding may be legitimate: half the distance from 1 to the next number. int8: half
 * a step of a symmetric grid of 127 steps, relative to the largest weight.
 */
export const UNIT: Readonly<Record<PerturbStep, number>> = {
  float32: 2 ** -24,
  float16: 2 ** -11,
  bfloat16: 2 ** -8,
  int8: 1 / 254,
};

/**
 * How many floors an error may be and still be rounding. float32, compared by the largest element: healthy pairs were seen
 * up to 1.4 (long sums aside, which float64 settles), faults from 200 on. Lower precisions, compared by rms: healthy ones up
 * to 1.5, a bfloat16 in the place of a float16 from 6.5 on, int8 scales of twice and three times their range from 4 on.
 * With inputs alone the floor lacks what weights contribute.
 */
export const FLOOR_LIMIT: Readonly<Record<PerturbStep, number>> = { float32: 8, float16: 3, bfloat16: 3, int8: 3 };
export const INPUTS_ONLY = 4;

/** Below this the floor alone settles that an error is rounding: nothing is left for float64 to find out. */
export const SETTLED = 3;

/**
 * |candidate64 − reference64| in spreads of the reference's weights: healthy pairs whose weights were rewritten in float32
 * (folded batch-norms, Winograd transforms) were seen up to 13, faults of the function from 77 on. 32 is their middle.
 */
export const FUNCTION_LIMIT = 32;

/** A candidate may round this many times worse than the reference does: another order of summing, another kernel. */
export const COMPUTATION_LIMIT = 16;

/**
 * Once float64 has shown that the function is the same, only the quality of rounding is left to judge: below this share of
 * scale (the absolute tolerance that torch.testing gives two correct float32 computations) nobody calls it bad.
 */
export const WELL_ENOUGH = 1e-5;

/**
 * A floor above this share of the scale says nothing: a fault of 1 % could not be seen (design 6.4, power). Whoever declares
 * a lower precision accepts its rounding, but not an output that is a quarter noise.
 */
export const INFORMATIVE: Readonly<Record<PerturbStep, number>> = {
  float32: 0.01,
  float16: 0.05,
  bfloat16: 0.25,
  int8: 0.25,
};

/** Elements that move more than this many medians under a perturbation jump: thresholds, ties, roots at zero. */
export const JUMP = 100;
/** With a larger share of them a sample says nothing. */
export const MOST_UNSTABLE = 0.05;

/** Beyond both, nobody needs float64 to see that it is no rounding: more than 5 % of scale and thousands of floors. */
export const HOPELESS = { ratio: 1e4, ofScale: 0.05 } as const;

/** No error below this share of the whole tensor's rms is a fault anyone can see in float32. */
export const NEGLIGIBLE = 2 ** -34;
/** Denormals may be flushed to zero: smallest normal float32. */
export const SMALLEST_NORMAL = 2 ** -126;
