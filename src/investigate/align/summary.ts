import type { Dtype } from '../../tensor/dtype.ts';
import { elementCount, type Tensor } from '../../tensor/tensor.ts';
import { toFloat64 } from '../../tensor/values.ts';

/** What is kept of a tensor's values: all of it is the same for any order of the elements. */
export interface Summary {
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  readonly count: number;
  /** Of the finite elements. */
  readonly rms: number;
  readonly mean: number;
  readonly absolute: number;
  readonly min: number;
  readonly max: number;
  /** Elements that are NaN or infinite. */
  readonly unlike: number;
  /**
   * Whether equal values say that two tensors are one quantity. Shapes, scalars, masks, zeros and constants are equal to
   * many others by chance and say nothing.
   */
  readonly informative: boolean;
}

/** Distinct values that are looked for; more say nothing more. */
const ENOUGH = 9;
/** Distinct values from which integers are evidence: axes, sizes and flags have fewer. */
const INTEGERS = 8;
/** Distinct fractions from which floats are: two unrelated computations do not meet in three numbers. */
const FRACTIONS = 3;

/** Reads all of a tensor once. Null: strings and tensors without elements, which are aligned by name alone. */
export function summarise(tensor: Tensor): Summary | null {
  const count = elementCount(tensor.shape);
  if (count === 0 || tensor.dtype === 'string') return null;
  const values = toFloat64(tensor);
  let [sum, absolute, squares, unlike] = [0, 0, 0, 0];
  let [min, max] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  const distinct = new Set<number>();
  const fractions = new Set<number>();
  for (let i = 0; i < count; i++) {
    const x = values[i] as number;
    if (!Number.isFinite(x)) {
      unlike++;
      continue;
    }
    sum += x;
    squares += x * x;
    absolute += Math.abs(x);
    if (x < min) min = x;
    if (x > max) max = x;
    if (distinct.size < ENOUGH) distinct.add(x);
    if (fractions.size < ENOUGH && !Number.isInteger(x)) fractions.add(x);
  }
  const finite = count - unlike || 1;
  return {
    dtype: tensor.dtype,
    shape: tensor.shape,
    count,
    rms: Math.sqrt(squares / finite),
    mean: sum / finite,
    absolute: absolute / finite,
    min: unlike === count ? 0 : min,
    max: unlike === count ? 0 : max,
    unlike,
    informative: fractions.size >= FRACTIONS || distinct.size >= INTEGERS,
  };
}

/**
 * Whether the elements could be the same ones in some order, each moved by at most `tolerance` of the rms: moments move by
 * no more than their elements do.
 */
export function couldAgree(a: Summary, b: Summary, tolerance: number): boolean {
  if (a.count !== b.count || a.unlike !== b.unlike) return false;
  const bound = tolerance * (a.rms || 1) * 1.01 + Number.EPSILON * Math.max(a.absolute, b.absolute) * 64;
  return (
    Math.abs(a.rms - b.rms) <= bound &&
    Math.abs(a.mean - b.mean) <= bound &&
    Math.abs(a.absolute - b.absolute) <= bound &&
    Math.abs(a.min - b.min) <= bound &&
    Math.abs(a.max - b.max) <= bound
  );
}
