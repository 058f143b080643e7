import * as z from 'zod';
import { DTYPES } from '../tensor/dtype.ts';

/** A tensor inside a sample or an observation: what it is, not what it holds. */
export const tensorInfo = z.object({
  name: z.string(),
  dtype: z.enum(DTYPES),
  shape: z.array(z.number().int().nonnegative()),
});
export type TensorInfo = z.infer<typeof tensorInfo>;

/** One set of named input tensors, stored as a safetensors file. */
export const sample = z.object({
  id: z.string(),
  /** The generator's name, or `file` for the user's own data. */
  generator: z.string(),
  /** `special`: judged apart from all others. */
  group: z.enum(['special']).optional(),
  seed: z.number().int(),
  inputs: z.array(tensorInfo),
  /** sha256 of the safetensors file. */
  digest: z.string(),
  /** File name inside the step's folder. */
  file: z.string(),
  /** What the model should have answered to the user's rows: a safetensors file beside, which no model is fed. */
  labels: z
    .object({
      file: z.string(),
      digest: z.string(),
      tensors: z.array(tensorInfo),
      /** Rows before this one stand in an earlier sample too (a fixed batch that is filled up): counted there. */
      from: z.number().int().nonnegative(),
    })
    .optional(),
});
export type Sample = z.infer<typeof sample>;
