import { elementCount, type Tensor } from '../../../tensor/tensor.ts';
import { transpose } from '../../../tensor/transpose.ts';
import { toFloat64 } from '../../../tensor/values.ts';
import { byValue } from './by-value.ts';
import type { Pair } from './places.ts';
import { sameValues } from './same-values.ts';
import type { Claim } from './support.ts';

/** Beyond this rank there are too many orders of axes to tell chance from cause. */
const MAX_RANK = 6;
/** Larger tensors are not regrouped: there are thousands of ways. */
const MOST_SPLIT = 50_000;

/**
 * The candidate holds the reference's values with its axes in another order, or regrouped: an axis split in two (heads,
 * blocks of pixels) and moved before everything is flattened again. Only tried where both sides hold the same values.
 */
export const layoutPermuted = byValue('layout-permuted', ['layout-permuted'], (place) => {
  if (!sameValues(place)) return [];
  const { shape } = place.reference;
  const whole = shape.length < 2 ? [] : [{ split: [...shape], name: null }];
  const parts = elementCount(shape) > MOST_SPLIT ? [] : splits(shape);
  return [...whole, ...parts.map((split) => ({ split, name: `split as [${split.join(', ')}]` }))].flatMap(
    ({ split, name }) =>
      orders(split.length).flatMap((order): Claim[] => {
        // Moving axes of one element moves nothing.
        if (isPlain(order, split)) return [];
        const permutation = order.join(', ');
        return [
          {
            code: 'layout-permuted',
            args: { permutation: name === null ? permutation : `${permutation} of ${name}` },
            experiment: `with the reference's axes in the order ${permutation}${name === null ? '' : `, ${name}`}`,
            parameters: name === null ? 0.5 : 1,
            sides: (pair) => moved(pair, split, shape, order),
          },
        ];
      }),
  );
});

/** Each axis written as two. */
function splits(shape: readonly number[]): number[][] {
  if (shape.length + 1 > MAX_RANK) return [];
  return shape.flatMap((size, axis) => {
    const found: number[][] = [];
    for (let part = 2; part * 2 <= size && found.length < 8; part++)
      if (size % part === 0) found.push([...shape.slice(0, axis), part, size / part, ...shape.slice(axis + 1)]);
    return found;
  });
}

function orders(rank: number): number[][] {
  if (rank > MAX_RANK) return [];
  const grow = (rest: readonly number[]): number[][] =>
    rest.length === 0
      ? [[]]
      : rest.flatMap((axis) => grow(rest.filter((a) => a !== axis)).map((tail) => [axis, ...tail]));
  return grow(Array.from({ length: rank }, (_, i) => i));
}

function isPlain(order: readonly number[], shape: readonly number[]): boolean {
  const long = order.filter((axis) => (shape[axis] as number) > 1);
  return long.every((axis, i) => i === 0 || (long[i - 1] as number) < axis);
}

/** On another sample sizes may be others: an axis that was split keeps its first part, whole axes their own sizes. */
function moved(
  { reference, candidate }: Pair,
  split: readonly number[],
  shape: readonly number[],
  order: readonly number[],
): readonly [Float64Array, Float64Array] | null {
  const sizes = resized(reference.shape, split, shape);
  if (sizes === null) return null;
  const seen: Tensor = { ...reference, shape: sizes };
  return [toFloat64(transpose(seen, order)), toFloat64(candidate)];
}

function resized(now: readonly number[], split: readonly number[], shape: readonly number[]): number[] | null {
  if (now.length !== shape.length) return null;
  if (split.length === shape.length) return [...now];
  const axis = shape.findIndex((size, i) => size !== split[i]);
  const part = split[axis] as number;
  const rest = split[axis + 1] as number;
  const size = now[axis] as number;
  // The part that is a property of the model is the one that does not follow the size.
  const sizes = size % part === 0 ? [part, size / part] : size % rest === 0 ? [size / rest, rest] : null;
  if (sizes === null) return null;
  const all = [...now.slice(0, axis), ...sizes, ...now.slice(axis + 1)];
  return elementCount(all) === elementCount(now) ? all : null;
}
