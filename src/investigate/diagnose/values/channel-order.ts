import type { DiagnosisCode } from '../../../core/diagnosis-catalogue.ts';
import { takeRows } from '../../../tensor/rows.ts';
import type { Tensor } from '../../../tensor/tensor.ts';
import { toFloat64 } from '../../../tensor/values.ts';
import { byValue } from './by-value.ts';
import { strides } from './numbers.ts';
import type { Place } from './places.ts';
import { sameValues } from './same-values.ts';
import type { Claim } from './support.ts';

/** Longer axes are no channels, and matching their slices takes too long. */
const LONGEST = 4096;

/**
 * Along one axis the candidate holds the reference's slices in another order: reversed, rolled, or any other, found by
 * giving each slice of the candidate the slice of the reference that it is nearest to.
 */
export const channelOrder = byValue('channel-order', ['channel-order'], (place) => {
  const { shape } = place.reference;
  if (shape.join() !== place.candidate.shape.join() || !sameValues(place)) return [];
  return shape.flatMap((size, axis) => {
    if (size < 2 || size > LONGEST) return [];
    const matched = matchedOrder(place, axis, size);
    return [
      claim(axis, 'reversed', 0.5, (n) => upTo(n).reverse()),
      ...rolls(size).map((by) => claim(axis, `rolled by ${by}`, 1, (n) => upTo(n).map((i) => (i + by + n) % n))),
      ...(matched === null
        ? []
        : [
            claim(axis, matched.length <= 16 ? matched.join(', ') : 'permuted', size / 2, (n) =>
              n === size ? matched : null,
            ),
          ]),
    ];
  });
});

const upTo = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

/** Short rolls in both directions, and by half. */
function rolls(size: number): number[] {
  const by = [1, -1, 2, -2, size / 2].filter((k) => Number.isInteger(k) && Math.abs(k) < size && size > 2);
  return [...new Set(by)];
}

function claim(axis: number, order: string, parameters: number, of: (size: number) => number[] | null): Claim {
  const code: DiagnosisCode = 'channel-order';
  return {
    code,
    args: { axis, order },
    experiment: `with the slices of the reference along axis ${axis} ${/^\d/.test(order) ? `in the order ${order}` : order}`,
    parameters,
    sides: ({ reference, candidate }) => {
      const rows = of(reference.shape[axis] as number);
      return rows === null || rows.every((row, i) => row === i)
        ? null
        : [toFloat64(takeRows(reference, axis, rows)), toFloat64(candidate)];
    },
  };
}

/** Slice of the reference for each slice of the candidate; null: no permutation, or none but the same order. */
function matchedOrder({ reference, candidate }: Place, axis: number, size: number): number[] | null {
  const [mine, theirs] = [signatures(reference, axis), signatures(candidate, axis)];
  // Nearest in the sorted signatures, one after the other: what is equal but for rounding keeps its rank.
  const byValueOf = (s: Float64Array) => upTo(size).sort((a, b) => (s[a] as number) - (s[b] as number) || a - b);
  const [from, to] = [byValueOf(mine), byValueOf(theirs)];
  const order = new Array<number>(size);
  for (let i = 0; i < size; i++) order[to[i] as number] = from[i] as number;
  return order.every((row, i) => row === i) ? null : order;
}

/** One number a slice: its values weighed by their place, so that slices of the same values in another order differ. */
function signatures(tensor: Tensor, axis: number): Float64Array {
  const values = toFloat64(tensor);
  const [outer, size, inner] = strides(tensor.shape, axis);
  const found = new Float64Array(size);
  for (let o = 0; o < outer; o++)
    for (let k = 0; k < size; k++)
      for (let i = 0; i < inner; i++) {
        const x = values[(o * size + k) * inner + i] as number;
        // Weights that no simple structure of the values cancels: fractions of multiples of the golden ratio.
        if (Number.isFinite(x)) found[k] = (found[k] as number) + x * (0.5 + (((o * inner + i) * 0.6180339887) % 1));
      }
  return found;
}
