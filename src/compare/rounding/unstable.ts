import { JUMP, UNIT } from './limits.ts';
import type { Partition } from './partition.ts';

/** Elements looked at for a median: enough for two digits of it. */
const LOOKED_AT = 4096;
/** A slice of fewer elements has no median to speak of. */
const FEWEST = 8;

/**
 * Elements that jump under perturbation while their neighbours move a little: thresholds, ties, floor(), roots at zero, and
 * whatever turns NaN or infinite. They would blow the floor up and hide faults, so they are left out and judged by their
 * share (design 6.4). An element jumps when it does so in every way to cut the tensor: a channel of large values is no jump.
 *
 * `moved`: max |perturbed − reference| of each element, infinite where only one of both is finite. Null: none jumps.
 */
export function unstableElements(
  moved: Float64Array,
  reference: ArrayLike<number>,
  parts: readonly Partition[],
): Uint8Array | null {
  let mask: Uint8Array | null = null;
  for (const part of parts) {
    if (part.axis !== null && moved.length / part.size < FEWEST) continue;
    const medians = typical(moved, reference, part);
    const found = new Uint8Array(moved.length);
    let any = false;
    for (let i = 0; i < moved.length; i++) {
      if (mask !== null && mask[i] === 0) continue;
      const median = medians[Math.floor(i / part.inner) % part.size] as number;
      const m = moved[i] as number;
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
  return Float64Array.from(taken, (values, slice) => {
    if (values.length === 0) return Number.POSITIVE_INFINITY;
    const still = UNIT.float32 * Math.sqrt((squares[slice] as number) / (seen[slice] as number));
    const levels = Float64Array.from(values, (v) => Math.max(v, still)).sort();
    return levels[Math.floor((levels.length - 1) / 2)] as number;
  });
}
