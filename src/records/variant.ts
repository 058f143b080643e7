import * as z from 'zod';

/** Precisions whose rounding a model can be exposed to: that of float32, or the lower one that a conversion declares. */
export const PERTURB_STEPS = ['float32', 'float16', 'bfloat16', 'int8'] as const;
export type PerturbStep = (typeof PERTURB_STEPS)[number];

/**
 * A model run otherwise than it is deployed, to learn what rounding does to it (design 6.4). What is not named stays as
 * deployed; without any part it is the deployed model.
 */
export const variant = z.strictObject({
  /** Weights, inputs, constants and every intermediate value in double precision. */
  precision: z.literal('float64').optional(),
  /**
   * Floating weights of 16 elements or more moved at random, seeded: `float32` by −1, 0 or +1 ulp; `float16` and `bfloat16`
   * by ±their unit roundoff (2⁻¹¹, 2⁻⁸) relative; `int8` by up to half a step of a symmetric 8-bit grid per output channel.
   */
  perturb: z.strictObject({ step: z.enum(PERTURB_STEPS), seed: z.number().int() }).optional(),
  /**
   * Every sum of n terms is off by u·(√n·Σ|terms| + n/2·|Σ terms|), u = 2⁻²⁴: what summing in another order does at most in
   * sound code (converters/host/onpar_host/summing.py has the sources). Only with `precision: float64`.
   */
  accumulate: z.strictObject({ sign: z.enum(['up', 'down', 'random']), seed: z.number().int() }).optional(),
});
export type Variant = z.infer<typeof variant>;

/** What a runtime offers of them. ONNX weights are moved in the file, so runtimes of ONNX need not offer `perturb`. */
export const VARIANT_KINDS = ['float64', 'perturb', 'accumulate'] as const;
export type VariantKind = (typeof VARIANT_KINDS)[number];
