import type { Tensor } from '../../../../tensor/tensor.ts';
import { toFloat64 } from '../../../../tensor/values.ts';

/** Longer lists are told by their first elements. */
const MOST_SHOWN = 12;

/** A number in an argument of a sentence. */
export const short = (x: number): number => Number(x.toPrecision(4));

/** A tensor in an argument of a sentence: its values, the first of many. */
export function briefly(tensor: Tensor): unknown {
  const values = [...toFloat64(tensor).subarray(0, MOST_SHOWN)].map((v) => (Number.isFinite(v) ? short(v) : String(v)));
  if (tensor.shape.length === 0 || (values.length === 1 && tensor.data.length <= 8)) return values[0];
  return tensor.shape.reduce((n, d) => n * d, 1) > MOST_SHOWN ? [...values, '…'] : values;
}

/** The order of slices, as a person would say it. */
export function orderInWords(order: readonly number[]): string {
  if (order.every((at, i) => at === order.length - 1 - i)) return 'reversed';
  if (isRoll(order)) return `rolled by ${rollOf(order)}`;
  const moved = order.flatMap((at, i) => (at === i ? [] : [i]));
  if (moved.length === 2) return `${moved.join(' and ')} exchanged`;
  return order.length <= MOST_SHOWN ? order.join(', ') : `${order.slice(0, MOST_SHOWN).join(', ')}, …`;
}

/** Every slice moved by the same number of places. */
export const isRoll = (order: readonly number[]): boolean => {
  const by = order[0] as number;
  return by !== 0 && order.every((at, i) => at === (i + by) % order.length);
};
/** By how many places; backwards is negative. */
export function rollOf(order: readonly number[]): number {
  const by = order[0] as number;
  return by > order.length / 2 ? by - order.length : by;
}
