import type { Dtype } from '../../tensor/dtype.ts';
import { elementCount, type Tensor } from '../../tensor/tensor.ts';
import { transpose } from '../../tensor/transpose.ts';
import { toFloat64 } from '../../tensor/values.ts';
import { distance, wrongness } from '../measure.ts';

/** How far a tensor of the candidate is from one of the reference, laid out so that they are nearest. */
export interface Agreement {
  /** Largest difference relative to rms of the reference; infinite where the tensors cannot be compared. */
  readonly error: number;
  /** Axis i of the candidate's is axis `permutation[i]` of the reference's; missing: the same order. */
  readonly permutation?: readonly number[];
}

const NEVER: Agreement = { error: Number.POSITIVE_INFINITY };
const QUANTISED: ReadonlySet<Dtype> = new Set(['int8', 'uint8', 'int16']);
const FLOATS: ReadonlySet<Dtype> = new Set(['float64', 'float32', 'float16', 'bfloat16']);

/** Steps of a quantised tensor that are no difference: half of one for rounding it, the rest for rounding its operands. */
const STEPS = 1.5;
/** Axes beyond which orders are not tried: 5! = 120 reads of a tensor are few, 720 are not. */
const AXES = 5;

/**
 * Compares in the stored order: shapes may differ by axes of one, or by being flattened. A quantised candidate is held
 * against a float reference by the line that fits best, since its scale and zero point are the runtime's own affair.
 */
export function agreementInOrder(reference: Tensor, candidate: Tensor): Agreement {
  if (elementCount(reference.shape) !== elementCount(candidate.shape)) return NEVER;
  return { error: errorBetween(reference, candidate) };
}

/**
 * Compares in the stored order, then in every order of axes that makes the shapes fit. Only where the values could be the
 * same ones is that worth its time (`couldAgree`).
 */
export function agreementInAnyOrder(reference: Tensor, candidate: Tensor, tolerance: number): Agreement {
  const straight = agreementInOrder(reference, candidate);
  if (straight.error <= tolerance || !Number.isFinite(straight.error)) return straight;
  const wide = reference.shape.filter((d) => d !== 1);
  if (wide.length < 2 || reference.shape.length > AXES || reference.shape.length !== candidate.shape.length)
    return straight;
  let best = straight;
  for (const permutation of permutations(reference.shape.length)) {
    if (!permutation.every((axis, i) => reference.shape[axis] === candidate.shape[i])) continue;
    if (keepsOrder(permutation, reference.shape)) continue;
    const error = errorBetween(transpose(reference, permutation), candidate);
    if (error < best.error) best = { error, permutation };
    if (error <= tolerance) break;
  }
  return best.error <= tolerance ? best : straight;
}

function errorBetween(reference: Tensor, candidate: Tensor): number {
  if (QUANTISED.has(candidate.dtype) && FLOATS.has(reference.dtype)) return errorOfQuantised(reference, candidate);
  const error = wrongness(distance(reference, candidate));
  return error > 0 && Number.isFinite(error) ? Math.max(error, errorBesideLarge(reference, candidate)) : error;
}

/** Elements beyond this share of the largest are the large ones: masks' fillings (−10⁴, −10⁹), counters, time stamps. */
const LARGE = 0.01;
/** Where the others' rms is below this share of the large ones', they are a quantity of their own. */
const APART = 1e-3;

/**
 * Error among the elements that lie far below the largest, relative to their own rms: scores beside −10⁹ of a mask would be
 * nothing in the tensor's rms, and all that counts behind it. 0 where elements are not apart in this way.
 */
function errorBesideLarge(reference: Tensor, candidate: Tensor): number {
  const x = toFloat64(reference);
  const y = toFloat64(candidate);
  let top = 0;
  for (const v of x) if (Number.isFinite(v)) top = Math.max(top, Math.abs(v));
  let [small, count, large, largest] = [0, 0, 0, 0];
  for (let i = 0; i < x.length; i++) {
    const a = x[i] as number;
    const d = Math.abs((y[i] as number) - a);
    if (!Number.isFinite(d)) continue;
    if (Math.abs(a) >= top * LARGE) large += a * a;
    else {
      small += a * a;
      count++;
      if (d > largest) largest = d;
    }
  }
  if (count === 0 || small === 0) return 0;
  const scale = Math.sqrt(small / count);
  return scale < APART * Math.sqrt(large / Math.max(1, x.length - count)) ? largest / scale : 0;
}

/** Difference from the line q·scale + offset through both by least squares, beyond `STEPS`, relative to rms of the reference. */
function errorOfQuantised(reference: Tensor, candidate: Tensor): number {
  const x = toFloat64(reference);
  const q = toFloat64(candidate);
  let [sx, sq, sqq, sqx, sxx] = [0, 0, 0, 0, 0];
  for (let i = 0; i < x.length; i++) {
    const [a, b] = [x[i] as number, q[i] as number];
    if (!Number.isFinite(a)) return Number.POSITIVE_INFINITY;
    sx += a;
    sq += b;
    sqq += b * b;
    sqx += a * b;
    sxx += a * a;
  }
  const n = x.length;
  const spread = sqq - (sq * sq) / n;
  const scale = spread > 0 ? (sqx - (sq * sx) / n) / spread : 0;
  const offset = (sx - scale * sq) / n;
  let largest = 0;
  for (let i = 0; i < n; i++)
    largest = Math.max(largest, Math.abs((q[i] as number) * scale + offset - (x[i] as number)));
  return Math.max(0, largest - STEPS * Math.abs(scale)) / (Math.sqrt(sxx / n) || 1);
}

/** Whether a permutation only moves axes of one: the elements stay where they are. */
function keepsOrder(permutation: readonly number[], shape: readonly number[]): boolean {
  const moved = permutation.filter((axis) => shape[axis] !== 1);
  return moved.every((axis, i) => i === 0 || axis > (moved[i - 1] as number));
}

function* permutations(count: number, chosen: readonly number[] = []): Generator<readonly number[]> {
  if (chosen.length === count) yield chosen;
  for (let axis = 0; axis < count; axis++) {
    if (!chosen.includes(axis)) yield* permutations(count, [...chosen, axis]);
  }
}
