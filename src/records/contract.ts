import * as z from 'zod';
import { DTYPES } from '../tensor/dtype.ts';

/** A dimension: a fixed size, the name of a dynamic one, or null when it is dynamic and has no name. */
export const dim = z.union([z.number().int().nonnegative(), z.string(), z.null()]);
export type Dim = z.infer<typeof dim>;

/** Affine quantisation: real = scale · (stored − zeroPoint), per tensor (one entry) or along `axis`. */
export const quantization = z.object({
  scales: z.array(z.number()),
  zeroPoints: z.array(z.number()),
  axis: z.number().int().optional(),
});
export type Quantization = z.infer<typeof quantization>;

/** What an input or output can be beside one tensor: it travels as several, named as docs/worker-protocol.md has it. */
export const CONTAINERS = ['sequence', 'optional', 'optional-sequence', 'map', 'sequence-of-maps'] as const;

/** Whether a tensor belongs to the container `name`: `x`, `x[0]`, `x.length`. */
export const isPart = (tensor: string, name: string): boolean =>
  tensor === name || (tensor.startsWith(name) && '.['.includes(tensor[name.length] as string));

/** One input or output as a model declares it. `shape` null: the rank itself is not declared. `dtype` null: any. */
export const tensorSpec = z.object({
  name: z.string(),
  dtype: z.enum(DTYPES).nullable(),
  shape: z.array(dim).nullable(),
  quantization: quantization.optional(),
  /** Set on outputs that are an argmax: the scores they were taken from, so that ties can be told from faults. */
  argmaxOf: z.string().optional(),
  /** With `argmaxOf`: the label that stands at each index of the scores. */
  classes: z.array(z.union([z.string(), z.number()])).optional(),
  /** Not one tensor but several, or one of the several; `dtype` is then that of its values. */
  container: z.enum(CONTAINERS).optional(),
});
export type TensorSpec = z.infer<typeof tensorSpec>;

export const ioContract = z.object({
  inputs: z.array(tensorSpec),
  outputs: z.array(tensorSpec),
  /**
   * Whether names mean something: `declared` by the model's author or signature, `generated` by a converter
   * (`StatefulPartitionedCall:1`), or `none` (a tuple). Only declared names are compared strictly.
   */
  names: z.enum(['declared', 'generated', 'none']),
});
export type IoContract = z.infer<typeof ioContract>;
