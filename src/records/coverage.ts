import * as z from 'zod';

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

/** How much of a model its samples moved: a comparison says nothing about what never moved. */
export const coverage = z.object({
  /** Dynamic dimension → sizes that were run, ascending. */
  dims: z.record(z.string(), z.array(z.number().int())),
  outputs: z.array(outputCoverage),
});
export type Coverage = z.infer<typeof coverage>;
