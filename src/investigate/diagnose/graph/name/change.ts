import type { Tensor } from '../../../../tensor/tensor.ts';
import { toFloat64 } from '../../../../tensor/values.ts';
import { type Narrowing, narrowing } from './narrowing.ts';
import { flips, permutationOf, sliceOrder, slicesThatDiffer } from './rearranged.ts';

/** How a constant of the candidate came to be from that of the reference, as far as the numbers tell. */
export type Change =
  | { readonly kind: 'scalar'; readonly from: number; readonly to: number }
  | { readonly kind: 'shape' }
  /** Every element is this one value; the reference's are not. */
  | { readonly kind: 'uniform'; readonly value: number }
  | { readonly kind: 'permuted'; readonly permutation: readonly number[] }
  | { readonly kind: 'flipped'; readonly axes: readonly number[] }
  /** Slice i along the axis is the reference's slice order[i]. */
  | { readonly kind: 'order'; readonly axis: number; readonly order: readonly number[] }
  | { readonly kind: 'slices'; readonly axis: number; readonly slices: readonly number[] }
  | { readonly kind: 'affine'; readonly factor: number; readonly offset: number }
  | { readonly kind: 'narrowed'; readonly narrowing: Narrowing }
  /** Element by element this function of the reference's. */
  | { readonly kind: 'function'; readonly name: string }
  /** The same numbers at other places. */
  | { readonly kind: 'rearranged' }
  /** rms of the difference relative to rms of the reference's. */
  | { readonly kind: 'other'; readonly relative: number };

/** Float32 arithmetic on the way (a folded factor) costs this much. */
const ROUNDING = 1e-5;

export function changeOf(from: Tensor, to: Tensor): Change {
  const [a, b] = [toFloat64(from), toFloat64(to)];
  if (a.length === 1 && b.length === 1) return { kind: 'scalar', from: a[0] as number, to: b[0] as number };
  if (a.length !== b.length) return b.every((v) => v === b[0]) && b.length > 0 ? uniform(b) : { kind: 'shape' };
  if (b.every((v) => v === b[0]) && !a.every((v) => v === a[0])) return uniform(b);
  const permutation = permutationOf(from, to);
  if (permutation !== undefined) return { kind: 'permuted', permutation };
  const sameShape = from.shape.length === to.shape.length && from.shape.every((d, i) => d === to.shape[i]);
  if (!sameShape) return sameNumbers(a, b) ? { kind: 'rearranged' } : { kind: 'shape' };
  const flipped = flips(from.shape, a, b);
  if (flipped !== undefined && flipped.length > 1) return { kind: 'flipped', axes: flipped };
  const order = sliceOrder(from.shape, a, b);
  if (order !== undefined) return { kind: 'order', ...order };
  const few = slicesThatDiffer(from.shape, a, b);
  if (few !== undefined) return { kind: 'slices', ...few };
  if (sameNumbers(a, b)) return { kind: 'rearranged' };
  const scaled = affine(a, b);
  if (scaled !== undefined) return { kind: 'affine', ...scaled };
  const narrowed = narrowing(a, b);
  if (narrowed !== undefined) return { kind: 'narrowed', narrowing: narrowed };
  const name = Object.keys(FUNCTIONS).find((f) => isFunction(FUNCTIONS[f] as (x: number) => number, a, b));
  if (name !== undefined) return { kind: 'function', name };
  return { kind: 'other', relative: apart(a, b) };
}

const uniform = (b: Float64Array): Change => ({ kind: 'uniform', value: b[0] as number });

const FUNCTIONS: Readonly<Record<string, (x: number) => number>> = {
  'square root': Math.sqrt,
  square: (x) => x * x,
  reciprocal: (x) => 1 / x,
  'reciprocal square root': (x) => 1 / Math.sqrt(x),
  exponential: Math.exp,
  logarithm: Math.log,
  magnitude: Math.abs,
};

const isFunction = (f: (x: number) => number, a: Float64Array, b: Float64Array): boolean =>
  a.every((x, i) => Math.abs(f(x) - (b[i] as number)) <= ROUNDING * Math.abs(b[i] as number));

function sameNumbers(a: Float64Array, b: Float64Array): boolean {
  const [x, y] = [a.slice().sort(), b.slice().sort()];
  return x.every((v, i) => Object.is(v, y[i]) || v === y[i]);
}

/** The least-squares line through (a, b), where every element lies on it. */
function affine(a: Float64Array, b: Float64Array): { factor: number; offset: number } | undefined {
  const n = a.length;
  const [meanA, meanB] = [mean(a), mean(b)];
  let [cross, square] = [0, 0];
  for (let i = 0; i < n; i++) {
    const x = (a[i] as number) - meanA;
    cross += x * ((b[i] as number) - meanB);
    square += x * x;
  }
  // Two points lie on a line, whatever they are.
  if (n < 3 || square === 0 || !Number.isFinite(cross)) return proportional(a, b);
  const factor = cross / square;
  const offset = meanB - factor * meanA;
  const size = Math.max(...[...b].map(Math.abs), Math.abs(offset));
  const fits = a.every((x, i) => Math.abs(factor * x + offset - (b[i] as number)) <= ROUNDING * size);
  if (!fits || factor === 0) return undefined;
  return { factor, offset: Math.abs(offset) <= ROUNDING * size ? 0 : offset };
}

function proportional(a: Float64Array, b: Float64Array): { factor: number; offset: number } | undefined {
  const at = a.findIndex((x) => x !== 0);
  const factor = (b[at] as number) / (a[at] as number);
  if (at < 0 || !Number.isFinite(factor) || factor === 0) return undefined;
  const fits = a.every((x, i) => Math.abs(factor * x - (b[i] as number)) <= ROUNDING * Math.abs(b[i] as number));
  return fits ? { factor, offset: 0 } : undefined;
}

const mean = (values: Float64Array): number => values.reduce((sum, v) => sum + v, 0) / values.length;

export function apart(a: Float64Array, b: Float64Array): number {
  let [size, difference] = [0, 0];
  for (let i = 0; i < a.length; i++) {
    size += (a[i] as number) ** 2;
    difference += ((b[i] as number) - (a[i] as number)) ** 2;
  }
  return Math.sqrt(difference / (size || 1));
}
