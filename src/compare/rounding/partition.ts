import { SLICES } from '../../tensor/kernel/assembly/layout.ts';

/** One way to cut a tensor: into the slices of one axis, or not at all (`axis` null). Element i lies in ⌊i/inner⌋ mod size. */
export interface Partition {
  readonly axis: number | null;
  readonly size: number;
  readonly inner: number;
}

/**
 * The whole tensor, and the slices of every axis but the first (the batch) with at most 4,096 of them: a small channel must
 * not hide behind a large one (design 6.4).
 */
export function partitionsOf(shape: readonly number[]): Partition[] {
  const count = shape.reduce((n, d) => n * d, 1);
  const parts: Partition[] = [{ axis: null, size: 1, inner: Math.max(1, count) }];
  for (let axis = 1; axis < shape.length; axis++) {
    const size = shape[axis] as number;
    const inner = shape.slice(axis + 1).reduce((n, d) => n * d, 1);
    // A slice that is the whole tensor was counted.
    if (size > 1 && size <= SLICES) parts.push({ axis, size, inner });
  }
  return parts;
}

/** The largest value of each slice; masked elements are left out. */
export function sliceMax(values: Float64Array, { size, inner }: Partition, skip: Uint8Array | null): Float64Array {
  const out = new Float64Array(size);
  let at = 0;
  for (let from = 0; from < values.length; from += inner) {
    let largest = out[at] as number;
    const end = Math.min(values.length, from + inner);
    for (let i = from; i < end; i++) {
      const v = values[i] as number;
      if (v > largest && (skip === null || skip[i] === 0)) largest = v;
    }
    out[at] = largest;
    at = at + 1 === size ? 0 : at + 1;
  }
  return out;
}

/** The root mean square of each slice over its elements that are finite and not masked; 0 where there is none. */
export function sliceRms(values: ArrayLike<number>, { size, inner }: Partition, skip: Uint8Array | null): Float64Array {
  const sums = new Float64Array(size);
  const counts = new Float64Array(size);
  let at = 0;
  for (let from = 0; from < values.length; from += inner) {
    const end = Math.min(values.length, from + inner);
    let sum = 0;
    let count = 0;
    for (let i = from; i < end; i++) {
      const v = values[i] as number;
      if (!Number.isFinite(v) || (skip !== null && skip[i] === 1)) continue;
      sum += v * v;
      count++;
    }
    sums[at] = (sums[at] as number) + sum;
    counts[at] = (counts[at] as number) + count;
    at = at + 1 === size ? 0 : at + 1;
  }
  return sums.map((sum, s) => (counts[s] === 0 ? 0 : Math.sqrt(sum / (counts[s] as number))));
}

/** The largest finite magnitude of each slice. */
export function slicePeak(values: ArrayLike<number>, part: Partition): Float64Array {
  const magnitudes = new Float64Array(values.length);
  for (let i = 0; i < values.length; i++) {
    const v = Math.abs(values[i] as number);
    magnitudes[i] = Number.isFinite(v) ? v : 0;
  }
  return sliceMax(magnitudes, part, null);
}
