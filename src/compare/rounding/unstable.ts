import { JUMP, UNIT } from './limits.ts';
import type { Partition } from './partition.ts';

/** Elements looked at for a median: enough for two digits of it. */
const LOOKED_AT = 4096;
/** A slice, or a tensor, of fewer elements has no median to speak of. */
const FEWEST = 8;
const FEWEST_IN_ALL = 16;

/**
 * Elements that jump under perturbation while their neighbours move a little: thresholds, ties, floor(), roots at zero, and
 * whatever turns NaN or infinite. They would blow the floor up and hide faults, so they are left out and judged by their
 * share (design 6.4). An element jumps when it does so in every way to cut the tensor: a channel of large values is no jump.
 *
 * `moved`: max |perturbed − reference| of each element, infinite where only one of both is finite. Null: none jumps.
 */
export const unstableElements = (
  moved: Float64Array,
  reference: ArrayLike<number>,
  parts: readonly Partition[],
): Uint8Array | null => jumping(moved, moved, reference, parts);

/** Elements whose `distance` is a jump beside how far ordinary elements of their slices move; null: none. */
export function jumping(
  distance: Float64Array,
  moved: Float64Array,
  reference: ArrayLike<number>,
  parts: readonly Partition[],
): Uint8Array | null {
  let mask: Uint8Array | null = null;
  for (const part of parts) {
    const medians = moved.length < FEWEST_IN_ALL ? null : typical(moved, reference, part);
    const found = new Uint8Array(moved.length);
    let any = false;
    for (let i = 0; i < moved.length; i++) {
      if (mask !== null && mask[i] === 0) continue;
      const m = distance[i] as number;
      const median = medians?.[Math.floor(i / part.inner) % part.size] ?? m;
      if (m === Number.POSITIVE_INFINITY || m > JUMP * median) {
        found[i] = 1;
        any = true;
      }
    }
    if (!any) return null;
    mask = found;
  }
  return mask;
}

/**
 * How far an ordinary element of each slice moves: the median, in which an element that did not move counts half an ulp of
 * the slice's scale (else a single jump among constants would be ordinary), and structural zeros (ReLU, padding) not at all.
 */
function typical(moved: Float64Array, reference: ArrayLike<number>, { size, inner }: Partition): Float64Array {
  const perSlice = moved.length / size;
  const stride = Math.max(1, Math.floor(perSlice / LOOKED_AT));
  const taken: number[][] = Array.from({ length: size }, () => []);
  const squares = new Float64Array(size);
  const seen = new Float64Array(size);
  for (let i = 0; i < moved.length; i += 1) {
    const slice = Math.floor(i / inner) % size;
    const r = reference[i] as number;
    if (!Number.isFinite(r) || (r === 0 && moved[i] === 0)) continue;
    squares[slice] = (squares[slice] as number) + r * r;
    const n = seen[slice] as number;
    seen[slice] = n + 1;
    if (n % stride === 0) (taken[slice] as number[]).push(moved[i] as number);
  }
  const scales = squares.map((sum, slice) => Math.sqrt(sum / Math.max(1, seen[slice] as number)));
  const still = (slice: number): number => UNIT.float32 * (scales[slice] as number);
  if (perSlice >= FEWEST) {
    return Float64Array.from(taken, (values, slice) =>
      values.length === 0 ? Number.POSITIVE_INFINITY : median(values.map((v) => Math.max(v, still(slice)))),
    );
  }
  // Too few of each: how far an element moves for the scale of its slice, over all slices.
  const relative = median(
    taken.flatMap((values, slice) =>
      scales[slice] === 0 ? [] : values.map((v) => Math.max(v, still(slice)) / (scales[slice] as number)),
    ),
  );
  return scales.map((scale) => (scale === 0 ? Number.POSITIVE_INFINITY : relative * scale));
}

function median(values: readonly number[]): number {
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? Number.POSITIVE_INFINITY;
}
