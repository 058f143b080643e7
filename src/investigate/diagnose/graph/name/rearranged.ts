import { elementCount, type Tensor } from '../../../../tensor/tensor.ts';
import { transpose } from '../../../../tensor/transpose.ts';
import { toFloat64 } from '../../../../tensor/values.ts';

/** More axes than this have too many orders to try; nobody's weights have them. */
const MOST_AXES = 5;

/** The order of axes in which the second tensor holds the first's values (as `transpose` takes it); not for the same order. */
export function permutationOf(from: Tensor, to: Tensor): readonly number[] | undefined {
  const rank = from.shape.length;
  if (rank < 2 || rank > MOST_AXES || to.shape.length !== rank || from.dtype !== to.dtype) return undefined;
  const expected = toFloat64(to);
  return permutations(rank).find((axes) => {
    if (axes.every((a, i) => a === i) || axes.some((a, i) => from.shape[a] !== to.shape[i])) return false;
    return equal(toFloat64(transpose(from, axes)), expected);
  });
}

export const equal = (a: Float64Array, b: Float64Array): boolean =>
  a.length === b.length && a.every((v, i) => v === b[i] || Object.is(v, b[i]));

export function permutations(count: number): number[][] {
  if (count === 0) return [[]];
  return permutations(count - 1).flatMap((rest) =>
    Array.from({ length: count }, (_, at) => [...rest.slice(0, at), count - 1, ...rest.slice(at)]),
  );
}

/** The axes along which the second is the first's mirror image. */
export function flips(shape: readonly number[], a: Float64Array, b: Float64Array): number[] | undefined {
  const axes = shape.flatMap((d, i) => (d > 1 ? [i] : []));
  if (axes.length > MOST_AXES) return undefined;
  for (let mask = 1; mask < 1 << axes.length; mask++) {
    const chosen = axes.filter((_, i) => (mask >> i) & 1);
    if (equal(flipped(shape, a, chosen), b)) return chosen;
  }
  return undefined;
}

function flipped(shape: readonly number[], a: Float64Array, axes: readonly number[]): Float64Array {
  const steps = shape.map((_, axis) => elementCount(shape.slice(axis + 1)));
  const result = new Float64Array(a.length);
  for (let i = 0; i < a.length; i++) {
    let at = i;
    for (const axis of axes) {
      const [size, step] = [shape[axis] as number, steps[axis] as number];
      const place = Math.floor(i / step) % size;
      at += (size - 1 - 2 * place) * step;
    }
    result[i] = a[at] as number;
  }
  return result;
}

/** The axis along which the slices of the second are those of the first in another order. */
export function sliceOrder(
  shape: readonly number[],
  a: Float64Array,
  b: Float64Array,
): { axis: number; order: number[] } | undefined {
  for (const [axis, size] of shape.entries()) {
    if (size < 2) continue;
    const places = new Map<string, number[]>();
    for (let s = 0; s < size; s++) {
      const key = sliceKey(shape, axis, s, a);
      places.set(key, [...(places.get(key) ?? []), s]);
    }
    const order: number[] = [];
    for (let s = 0; s < size; s++) {
      const known = places.get(sliceKey(shape, axis, s, b));
      // A slice that is where it was stays there, though another one be equal to it.
      const at = known?.indexOf(s) ?? -1;
      const place = known?.splice(at < 0 ? 0 : at, 1)[0];
      if (place === undefined) break;
      order.push(place);
    }
    if (order.length === size && order.some((place, i) => place !== i)) return { axis, order };
  }
  return undefined;
}

function sliceKey(shape: readonly number[], axis: number, slice: number, values: Float64Array): string {
  const picked = sliceOf(shape, axis, slice, values);
  return Buffer.from(picked.buffer, picked.byteOffset, picked.byteLength).toString('latin1');
}

export function sliceOf(shape: readonly number[], axis: number, slice: number, values: Float64Array): Float64Array {
  const step = elementCount(shape.slice(axis + 1));
  const size = shape[axis] as number;
  const result = new Float64Array(values.length / size);
  let at = 0;
  for (let start = slice * step; start < values.length; start += size * step) {
    result.set(values.subarray(start, start + step), at);
    at += step;
  }
  return result;
}

/** A quarter of the slices at most may differ, else it is the whole that differs. */
const FEW = 0.25;

/** The axis along which few slices differ and all others are equal; of several, the one with the smallest share. */
export function slicesThatDiffer(
  shape: readonly number[],
  a: Float64Array,
  b: Float64Array,
): { axis: number; slices: number[] } | undefined {
  let best: { axis: number; slices: number[] } | undefined;
  let share = Number.POSITIVE_INFINITY;
  const differing = shape.map(() => new Set<number>());
  const steps = shape.map((_, axis) => elementCount(shape.slice(axis + 1)));
  for (let i = 0; i < a.length; i++) {
    if (a[i] === b[i]) continue;
    for (const [axis, found] of differing.entries())
      found.add(Math.floor(i / (steps[axis] as number)) % (shape[axis] as number));
  }
  for (const [axis, found] of differing.entries()) {
    const size = shape[axis] as number;
    if (size < 3 || found.size > Math.max(1, size * FEW) || found.size / size >= share) continue;
    share = found.size / size;
    best = { axis, slices: [...found].sort((x, y) => x - y) };
  }
  return best;
}
