import * as z from 'zod';
import { DTYPES } from '../tensor/dtype.ts';
import { num } from './number-schema.ts';
import { PERTURB_STEPS } from './variant.ts';
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

/** What tells rounding from fault: float64 on both sides, the measured noise floor, or the dtype's table where neither is to be had. */
export const INSTRUMENTS = ['float64', 'noise-floor', 'dtype-table'] as const;

/** How the error of one output was held against what rounding does. Ratios are the worst over slices and samples. */
export const rounding = z.object({
  instrument: z.enum(INSTRUMENTS),
  /** The precision whose rounding is legitimate: float32, or the lower one that the conversion declares. */
  step: z.enum(PERTURB_STEPS),
  /** What could be moved to measure the floor; null without one. With inputs alone the limit is larger. */
  reach: z.enum(['weights', 'inputs']).nullable(),
  /** max|candidate − reference| / floor, and what it may be. Null without a floor. */
  ratio: num.nullable(),
  limit: num.nullable(),
  /** Is it the same function? |candidate64 − reference64| against the spread of reference64 when weights move by one step. */
  function: z.object({ distance: num, spread: num, ratio: num, limit: num }).nullable(),
  /** Is it computed well? Each side's distance to its own float64; `bound` is what summing in any order may do. */
  computation: z.object({ candidate: num, reference: num, bound: num.nullable(), ratio: num, limit: num }).nullable(),
  /** Where the deciding ratio is: a sample, and the slice of an axis (null: the whole tensor). */
  worst: z
    .object({ sample: z.string(), axis: z.number().int().nullable(), index: z.number().int().nullable() })
    .nullable(),
  /** Share of elements that jump under rounding (thresholds, ties): left out of the floor, judged by their share. */
  unstable: num,
  /** Samples in which a fault could have been seen (floor ≤ 1 % of scale), of those that were compared. */
  informative: z.number().int(),
  samples: z.number().int(),
  /** First place along an axis (a time step) from which on the floor exceeds 1 % of scale: nothing is judged there. */
  horizon: z.object({ axis: z.number().int(), index: z.number().int() }).nullable(),
});
export type Rounding = z.infer<typeof rounding>;

/** What a task gate of the suite measured (compare/gates), over all samples that it could be asked about. */
export const gateResult = z.object({
  name: z.enum(['argmax', 'topK', 'accuracy', 'iou']),
  /** What is asked, as a person reads it: `top class agrees in at least 99 % of rows`. */
  asked: z.string(),
  /** Share that was reached, and the least that passes. */
  value: num,
  limit: num,
  holds: z.boolean(),
  /** Rows, labels or boxes that were counted, and the samples that they are of. */
  counted: z.number().int(),
  samples: z.number().int(),
  /** Accuracy of either side; only where labels were counted. */
  accuracy: z.object({ reference: num, candidate: num }).optional(),
  /** The worst sample, its share, and the place in it (indices before the axis that is judged) where it shows. */
  worst: z.object({ sample: z.string(), value: num, row: z.array(z.number().int()), what: z.string() }).nullable(),
});
export type GateResult = z.infer<typeof gateResult>;

/** One step of an output of a stateful model, over all samples. */
export const stepDrift = z.object({
  /** Largest |candidate − reference|, and that over the rms of the reference at this step. */
  maxAbs: num,
  scaled: num.nullable(),
  /** What rounding alone does up to this step in the sample that stands out most, and what is allowed; null: not measured. */
  floor: num.nullable(),
  limit: num.nullable(),
  /** `silent`: past the horizon, where rounding alone moves it by more than 1 % of its scale. */
  state: z.enum(['within', 'outside', 'silent']),
});
export type StepDrift = z.infer<typeof stepDrift>;

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
  /** Null: bit-identical, exact (integers), or nothing compared. Missing in reports of earlier versions. */
  rounding: rounding.nullable().optional(),
  /** Set where a task gate decides instead of a tolerance. */
  gate: gateResult.optional(),
  /** Of a stateful model: how far it is off at each step. */
  steps: z.array(stepDrift).optional(),
  metrics,
  histogram: histogram.nullable(),
  worst: element.nullable(),
  /** Up to five elements of the worst sample, worst first. */
  worstElements: z.array(element),
  samples: z.array(sampleComparison),
});
export type OutputComparison = z.infer<typeof outputComparison>;
