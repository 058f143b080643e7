import * as z from 'zod';
import { DTYPES } from '../tensor/dtype.ts';
import { dim } from './contract.ts';
import { imageSet } from './images.ts';
import { TOLERANCE_PRESETS } from './presets.ts';
import { sequence } from './sequence.ts';

/** What a user may say about how far an output may be from its reference. */
export const toleranceRule = z.discriminatedUnion('kind', [
  /** Measured or tabulated by dtype; the only rule that needs no user. */
  z.object({ kind: z.literal('auto') }),
  z.object({ kind: z.literal('preset'), preset: z.enum(TOLERANCE_PRESETS) }),
  z.object({ kind: z.literal('bounds'), atol: z.number().nonnegative(), rtol: z.number().nonnegative() }),
  /** max|d| ≤ fraction · rms(reference) */
  z.object({ kind: z.literal('relative'), fraction: z.number().nonnegative() }),
  /** Over the measures: `cosine > 0.9999 and maxAbs < 1e-3`. */
  z.object({ kind: z.literal('expression'), expression: z.string() }),
]);
export type ToleranceRule = z.infer<typeof toleranceRule>;

/** How the four numbers of a box are meant: two corners, a corner and sizes, or the centre and sizes. */
export const BOX_FORMATS = ['xyxy', 'xywh', 'cxcywh'] as const;
export type BoxFormat = (typeof BOX_FORMATS)[number];

const share = z.number().min(0).max(1);

/** What the model is for, instead of how far its numbers are off: judged over rows, labels or boxes (compare/gates). */
export const taskGate = z.discriminatedUnion('name', [
  /** Share of rows along `axis` whose best class agrees. */
  z.object({ name: z.literal('argmax'), share, axis: z.number().int() }),
  /** Mean share of the `k` best of a row that both sides have among theirs. */
  z.object({ name: z.literal('topK'), k: z.number().int().positive(), share, axis: z.number().int() }),
  /** The candidate's accuracy on labelled samples as a share of the reference's. */
  z.object({
    name: z.literal('accuracy'),
    share,
    labels: z.string(),
    axis: z.number().int(),
    /** For an output of one score: above it is class 1, else class 0. */
    threshold: z.number().nullable(),
  }),
  /** Boxes as sets: the share of boxes of both sides that have a partner on the other. */
  z.object({
    name: z.literal('iou'),
    /** Two boxes are the same from this intersection over union on. */
    iou: share,
    share,
    format: z.enum(BOX_FORMATS),
    scores: z.string().nullable(),
    classes: z.string().nullable(),
    /** Partners' scores differ by at most this. */
    scoreWithin: z.number().nonnegative(),
    /** Boxes below it need no partner. */
    minScore: z.number().nullable(),
  }),
]);
export type TaskGate = z.infer<typeof taskGate>;

/** How an output is judged: by its elements, or by its task. */
export const judgementRule = z.union([toleranceRule, z.object({ kind: z.literal('gate'), gate: taskGate })]);
export type JudgementRule = z.infer<typeof judgementRule>;

/** Everything of the user's that decides a verdict; part of the compare step's key. */
export const compareRules = z.object({
  /** By reference output name; `*` is the rule for all others. */
  tolerances: z.record(z.string(), judgementRule),
  /** Where the rules came from, for the report: `suite` or `command line`; `default` when none was given. */
  source: z.enum(['default', 'suite', 'command line']),
  /** Reference name → candidate name. */
  mapInputs: z.record(z.string(), z.string()),
  mapOutputs: z.record(z.string(), z.string()),
  /** Index output → the scores it was taken from. */
  ties: z.record(z.string(), z.string()),
  /** Names of dimensions that the suite asks to be dynamic. */
  dynamic: z.array(z.string()),
  /** Set where a sample is a sequence of steps. */
  sequence: sequence.optional(),
});
export type CompareRules = z.infer<typeof compareRules>;

/** What an input means to a model; decides which values are legal and which shapes of data are worth trying. */
export const INPUT_ROLES = [
  'mask',
  'lengths',
  'image',
  'audio',
  'token-ids',
  'index',
  'one-hot',
  'timestep',
  'sorted',
  'divisor',
  'dividend',
  'boolean',
  'text',
  'data',
] as const;
export const inputRole = z.enum(INPUT_ROLES);
export type InputRole = z.infer<typeof inputRole>;

/** How the bulk of an input's values lies; everything within some deviations of it counts as legal. */
export const distribution = z.union([
  z.strictObject({ normal: z.strictObject({ mean: z.number(), std: z.number().positive() }) }),
  z.strictObject({ uniform: z.strictObject({ low: z.number(), high: z.number() }) }),
  z.strictObject({
    lognormal: z.strictObject({ mean: z.number().describe('Of the logarithm'), sigma: z.number().positive() }),
  }),
  z.strictObject({ exponential: z.strictObject({ rate: z.number().positive() }) }),
]);
export type Distribution = z.infer<typeof distribution>;

/** One input as the sampler needs it: resolved from the suite, example inputs and contracts. */
export const inputPlan = z.object({
  name: z.string(),
  dtype: z.enum(DTYPES),
  shape: z.array(dim),
  /** Legal values, inclusive. */
  range: z.tuple([z.number(), z.number()]).optional(),
  /** The only legal values. */
  values: z.array(z.union([z.number(), z.string()])).optional(),
  /** `mask`: 1/true where a position counts, ragged and at least one row fully masked in some sample. */
  role: inputRole.optional(),
  distribution: distribution.optional(),
  /** The user's own function: an absolute path or a module that is found from `root`. */
  generator: z.object({ path: z.string(), root: z.string(), digest: z.string() }).optional(),
  /** Dynamic dimensions whose size the values stay below. */
  below: z.array(z.string()).optional(),
  /** Set when role and range were read from a model's graph instead of given by the user: why. */
  because: z.string().optional(),
});
export type InputPlan = z.infer<typeof inputPlan>;

/** What the sample stage is asked for; together with its step version, all that decides its result. */
export const samplePlan = z.object({
  inputs: z.array(inputPlan),
  /** How many of the portfolio: null = all of it, 0 = none. */
  portfolio: z.number().int().nonnegative().nullable(),
  /** Samples with NaN, infinities and denormal numbers, judged apart. */
  special: z.boolean().default(false),
  /** Absolute paths of the user's data files, with their digests. */
  files: z.array(z.object({ path: z.string(), digest: z.string() })),
  /** Pictures, decoded and prepared. */
  images: z.array(imageSet).default([]),
  /** Tensors and columns in those files that are no inputs: the truth that a model should have found. */
  labels: z.array(z.string()).default([]),
  /** Sizes to try for each named dimension. */
  dims: z.record(z.string(), z.array(z.number().int().nonnegative())),
  /** Set where a sample is a sequence of steps. */
  sequence: sequence.optional(),
  seed: z.number().int(),
});
export type SamplePlan = z.infer<typeof samplePlan>;
