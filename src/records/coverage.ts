import * as z from 'zod';
import { num } from './number-schema.ts';

/** What one output did over all samples, on the reference's side. */
export const outputCoverage = z.object({
  name: z.string(),
  /** Different values it took, counted up to a limit. */
  distinct: z.number().int(),
  /** True when counting stopped at the limit. */
  orMore: z.boolean(),
  /** Share of its elements that stayed the same in all samples of one shape; null where no shape occurred twice. */
  still: z.number().nullable(),
  /** Share of its elements that lie at its lowest or highest value: saturated ones. Null for booleans, texts and fewer than three values. */
  saturated: z.number().nullable(),
});
export type OutputCoverage = z.infer<typeof outputCoverage>;

/** What one activation inside a model did over all ordinary samples, its runtime's optimiser off. */
export const activationCoverage = z.object({
  /** The tensor, and the operator and node that make it. */
  tensor: z.string(),
  operator: z.string(),
  node: z.string(),
  /** Samples that reached it. */
  samples: z.number().int(),
  low: num,
  high: num,
  /** `stuck`: one value everywhere, always; `still`: the same from every sample; else `moved`. */
  state: z.enum(['moved', 'still', 'stuck']),
  /** Share of channels in which no element was ever above zero; null for operators that have no off state. */
  inactive: z.number().nullable(),
  /** Share of elements at the flat ends of the function (a clip bound, |tanh| > 1 − 1e-6, a sigmoid within 1e-6 of 0 or 1, a softmax of 1); null where it has none. */
  saturated: z.number().nullable(),
});
export type ActivationCoverage = z.infer<typeof activationCoverage>;

/** How much of a model its samples moved: a comparison says nothing about what never moved. */
export const coverage = z.object({
  /** Dynamic dimension → sizes that were run, ascending. */
  dims: z.record(z.string(), z.array(z.number().int())),
  outputs: z.array(outputCoverage),
  /** In graph order; missing where no side is an ONNX graph that could be looked into, and in quick comparisons. */
  activations: z.array(activationCoverage).optional(),
});
export type Coverage = z.infer<typeof coverage>;
