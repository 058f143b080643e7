import type { Dtype } from './dtype.ts';

/**
 * A dense, row-major tensor. `data` holds the raw little-endian bytes, whatever the dtype
 * (bfloat16 and float16 have no typed array on Node 20); `strings` is set instead for dtype `string`.
 */
export interface Tensor {
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  readonly data: Uint8Array;
  readonly strings?: readonly string[];
  /** Set for a large tensor that stays in its file: there `data` reads all of it, each time it is asked for. */
  readonly place?: { readonly path: string; readonly offset: number };
}

/** Named tensors, in the order in which the model declares them. */
export type NamedTensors = ReadonlyMap<string, Tensor>;

/** Number of elements of a shape; 1 for a 0-d tensor, 0 when any dimension is 0. */
export const elementCount = (shape: readonly number[]): number => shape.reduce((n, d) => n * d, 1);
