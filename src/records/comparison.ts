import * as z from 'zod';
import { DTYPES } from '../tensor/dtype.ts';
import { num } from './number-schema.ts';
import { grade, verdict } from './verdict-schema.ts';

/** The tolerance an output was held against: |candidate − reference| ≤ atol + rtol · |reference|. */
export const tolerance = z.object({
  atol: num,
  rtol: num,
  /** Where it came from: `dtype-table`, `suite`, `preset float16`, `command line`, `exact`, `expression`. */
  source: z.string(),
  expression: z.string().optional(),
});

/** Measures over all compared elements of one output. Null: not defined here (a cosine of integers, an rms of strings). */
export const metrics = z.object({
  maxAbs: num.nullable(),
  maxRel: num.nullable(),
  meanAbs: num.nullable(),
  rmse: num.nullable(),
  /** max|d| / rms(reference) */
  scaled: num.nullable(),
  cosine: num.nullable(),
  /** Signal-to-quantisation-noise ratio in dB: 10·log10(Σ ref² / Σ d²). */
  sqnrDb: num.nullable(),
  /** Share of elements outside the tolerance. */
  mismatchFraction: num.nullable(),
  /** rms(reference) */
  scale: num.nullable(),
  /** Share of rows whose argmax over the last axis agrees (ties counted as agreement); null for rank 0 or one column. */
  argmaxAgreement: num.nullable(),
  elements: z.number().int(),
  nanMismatches: z.number().int(),
  infMismatches: z.number().int(),
  /** Integer or string elements that differ but are excused as ties. */
  ties: z.number().int(),
});
export type Metrics = z.infer<typeof metrics>;

/** Counts of |candidate − reference| in bins of equal width in log10: bin i covers [from + i·step, from + (i+1)·step). */
export const histogram = z.object({
  from: z.number(),
  step: z.number(),
  counts: z.array(z.number().int()),
  /** Elements that agree exactly. */
  zeros: z.number().int(),
  /** Elements where either side is NaN or infinite. */
  nonFinite: z.number().int(),
});
export type Histogram = z.infer<typeof histogram>;

export const element = z.object({
  sample: z.string(),
  index: z.array(z.number().int()),
  reference: z.union([num, z.boolean()]),
  candidate: z.union([num, z.boolean()]),
});
export type Element = z.infer<typeof element>;

export const sampleComparison = z.object({
  sample: z.string(),
  maxAbs: num.nullable(),
  scaled: num.nullable(),
  mismatchFraction: num.nullable(),
  floor: num.nullable(),
  ratio: num.nullable(),
  verdict,
  grade: grade.nullable(),
});
export type SampleComparison = z.infer<typeof sampleComparison>;

/** One output of one candidate over all samples. */
export const outputComparison = z.object({
  name: z.string(),
  /** The candidate's name for it, and how the two were paired. */
  candidateName: z.string().nullable(),
  pairedBy: z.enum(['name', 'position', 'map', 'declared', 'value', 'none']),
  referenceDtype: z.enum(DTYPES).nullable(),
  candidateDtype: z.enum(DTYPES).nullable(),
  verdict,
  grade: grade.nullable(),
  tolerance,
  noiseFloor: num.nullable(),
  metrics,
  histogram: histogram.nullable(),
  worst: element.nullable(),
  /** Up to five elements of the worst sample, worst first. */
  worstElements: z.array(element),
  samples: z.array(sampleComparison),
});
export type OutputComparison = z.infer<typeof outputComparison>;
