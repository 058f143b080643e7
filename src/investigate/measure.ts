import { elementCount, type Tensor } from '../tensor/tensor.ts';
import { toFloat64 } from '../tensor/values.ts';

/** How far two tensors of one quantity lie apart, relative to the first one's root mean square. */
export interface Distance {
  /** rms(candidate − reference) / rms(reference). */
  readonly rms: number;
  /** max|candidate − reference| / rms(reference). */
  readonly max: number;
  /** Elements that are NaN or infinite on one side and not, or otherwise, on the other. */
  readonly unlike: number;
}

/**
 * Distance of tensors of the same number of elements, element by element in row-major order, whatever their dtypes.
 * A reference of zeros counts as of size 1, so that distances stay finite. Positions where both hold the same non-finite
 * value agree; others count in `unlike` and are left out of the means. Null: strings, other counts, or no elements.
 */
export function distance(reference: Tensor, candidate: Tensor): Distance | null {
  const count = elementCount(reference.shape);
  if (count === 0 || count !== elementCount(candidate.shape)) return null;
  if (reference.dtype === 'string' || candidate.dtype === 'string') return null;
  return distanceOf(toFloat64(reference), toFloat64(candidate));
}

export function distanceOf(a: Float64Array, b: Float64Array): Distance {
  let squares = 0;
  let parts = 0;
  let largest = 0;
  let unlike = 0;
  for (let i = 0; i < a.length; i++) {
    const x = a[i] as number;
    const y = b[i] as number;
    const d = y - x;
    if (Number.isFinite(d)) {
      squares += x * x;
      parts += d * d;
      if (d > largest) largest = d;
      else if (-d > largest) largest = -d;
    } else if (!Object.is(x, y)) unlike++;
  }
  const scale = Math.sqrt(squares / a.length) || 1;
  return { rms: Math.sqrt(parts / a.length) / scale, max: largest / scale, unlike };
}

/** One number for "how wrong": the largest difference, and at least 1 where NaN or infinities part. */
export const wrongness = (d: Distance | null): number =>
  d === null ? Number.POSITIVE_INFINITY : d.unlike > 0 ? Math.max(1, d.max) : d.max;

/**
 * Share of an error that an experiment took away: 1 where what is left is rounding, 0 where nothing was gained.
 * `before` and `after` as `wrongness` has them.
 */
export function explainedShare(before: number, after: number, rounding: number): number {
  if (after <= rounding) return 1;
  if (!Number.isFinite(after)) return 0;
  if (!Number.isFinite(before)) return 0;
  return Math.max(0, 1 - after / before);
}
