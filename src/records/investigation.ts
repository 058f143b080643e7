import * as z from 'zod';
import { sourcePlace } from './graph.ts';
import { num } from './number-schema.ts';

/** How two tensors of different models were found to be the same quantity. */
export const MATCH_KINDS = ['name', 'metadata', 'value', 'structure', 'output'] as const;

export const tensorMatch = z.object({
  reference: z.string(),
  candidate: z.string(),
  /** `value`: element by element; `metadata`: the exporter's own; `structure`: same operator, matched inputs. */
  by: z.enum(MATCH_KINDS),
  /** 0…1. */
  confidence: z.number(),
  /** Axis i of the candidate's is axis `permutation[i]` of the reference's; missing: the same order. */
  permutation: z.array(z.number().int()).optional(),
});
export type TensorMatch = z.infer<typeof tensorMatch>;

/** One place where the candidate stops agreeing: inputs agree, the output does not. */
export const divergence = z.object({
  /** On the reference's side; `tensor` is the first that no value of the candidate agrees with. */
  reference: z.object({
    tensor: z.string(),
    node: z.string(),
    opType: z.string(),
    module: z.array(z.string()),
    source: sourcePlace.nullable(),
  }),
  /** Null: the candidate has no counterpart (fused, folded, left out). */
  candidate: z.object({ tensor: z.string(), node: z.string(), opType: z.string() }).nullable(),
  /** Where it could not be narrowed to one node: the nodes between the last agreeing tensors and the first that parts. */
  region: z.object({ reference: z.array(z.string()), candidate: z.array(z.string()) }),
  /** Error made here, fed with the reference's inputs, relative to rms of the reference's tensor; null: not measured. */
  local: num.nullable(),
  /** Error of the tensor as the candidate runs, relative likewise. */
  accumulated: num.nullable(),
  /** Share of the failing outputs' error that is gone when this tensor is given its reference value; null: not tried. */
  explained: z.number().nullable(),
  sample: z.string(),
  /** `float64`: another function; `deployed`: as it runs. */
  precision: z.enum(['float64', 'deployed']),
});
export type Divergence = z.infer<typeof divergence>;

/** A tensor along the way, for the picture around the divergence. Errors relative to rms of the reference's tensor. */
export const trackedNode = z.object({
  node: z.string(),
  opType: z.string(),
  tensor: z.string(),
  match: tensorMatch.nullable(),
  local: num.nullable(),
  accumulated: num.nullable(),
});
export type TrackedNode = z.infer<typeof trackedNode>;

/** One choice of a bisection and what came of it. */
export const trial = z.object({
  choice: z.string(),
  verdict: z.enum(['agrees', 'differs', 'failed']),
  error: num.nullable(),
});
export const bisection = z.object({
  /** `runtime-option`, `exporter-option`, `version`, `chain`, `precision` … */
  over: z.string(),
  trials: z.array(trial),
  /** The smallest change that makes it agree, as a user would write it; null: none does. */
  culprit: z.string().nullable(),
  complete: z.boolean(),
});
export type Bisection = z.infer<typeof bisection>;

/** Everything that looking for the cause of one failure left behind. */
export const investigation = z.object({
  /** `partial`: the budget was spent or it was interrupted; `none`: nothing to find, or nothing to look into. */
  status: z.enum(['complete', 'partial', 'none']),
  /** For `partial` and `none`: why. */
  reason: z.string().nullable(),
  milliseconds: z.number(),
  /** Runs of models, edited ones included. */
  experiments: z.number().int(),
  samples: z.array(z.string()),
  /** How tensors of both sides were paired: how many of the reference's, by kind. */
  alignment: z
    .object({
      referenceTensors: z.number().int(),
      candidateTensors: z.number().int(),
      matched: z.record(z.string(), z.number().int()),
      /** Nothing is aligned where a side cannot be looked into. */
      reason: z.string().nullable(),
    })
    .nullable(),
  /** All independent culprits, first one first. */
  divergences: z.array(divergence),
  /** Nodes near the divergences in graph order; bounded. */
  nodes: z.array(trackedNode),
  bisections: z.array(bisection),
  /** Files beside the report: the reduced model's bundle, the mended copy. Relative to the run folder. */
  files: z.array(
    z.object({
      kind: z.enum(['bundle', 'repair', 'mixed-precision']),
      path: z.string(),
      about: z.string(),
      /** What differs from the candidate, line by line. */ changes: z.array(z.string()),
    }),
  ),
  /** Things that went otherwise than planned, in words: a tap that changed the result, a side without float64. */
  notes: z.array(z.string()),
});
export type Investigation = z.infer<typeof investigation>;
