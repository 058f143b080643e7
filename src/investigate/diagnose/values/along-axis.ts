import type { Tensor } from '../../../tensor/tensor.ts';
import { toFloat64 } from '../../../tensor/values.ts';
import { strides } from './numbers.ts';

/** Applies a function to each line of a tensor along an axis, in place of a copy of its values. */
export function alongAxis(tensor: Tensor, axis: number, change: (line: Float64Array) => void): Float64Array {
  const values = toFloat64(tensor).slice();
  const [outer, size, inner] = strides(tensor.shape, axis);
  const line = new Float64Array(size);
  for (let o = 0; o < outer; o++)
    for (let i = 0; i < inner; i++) {
      const start = o * size * inner + i;
      for (let k = 0; k < size; k++) line[k] = values[start + k * inner] as number;
      change(line);
      for (let k = 0; k < size; k++) values[start + k * inner] = line[k] as number;
    }
  return values;
}

/** exp(x − max) over their sum. */
export function softmax(line: Float64Array): void {
  const most = line.reduce((m, x) => Math.max(m, x), Number.NEGATIVE_INFINITY);
  let sum = 0;
  for (let i = 0; i < line.length; i++) {
    line[i] = Math.exp((line[i] as number) - most);
    sum += line[i] as number;
  }
  for (let i = 0; i < line.length; i++) line[i] = (line[i] as number) / sum;
}

export function logSoftmax(line: Float64Array): void {
  const most = line.reduce((m, x) => Math.max(m, x), Number.NEGATIVE_INFINITY);
  let sum = 0;
  for (const x of line) sum += Math.exp(x - most);
  const shift = most + Math.log(sum);
  for (let i = 0; i < line.length; i++) line[i] = (line[i] as number) - shift;
}

/** Divided by the line's sum. */
export function toShares(line: Float64Array): void {
  const sum = line.reduce((s, x) => s + x, 0);
  for (let i = 0; i < line.length; i++) line[i] = (line[i] as number) / sum;
}

/** Whether all lines along an axis hold shares: none below 0, and a sum of 1. */
export function holdsShares(tensor: Tensor, axis: number): boolean {
  let yes = (tensor.shape[axis] as number) > 1;
  alongAxis(tensor, axis, (line) => {
    let sum = 0;
    for (const x of line) {
      if (!(x >= 0)) yes = false;
      sum += x;
    }
    // float16 shares of a long line add up to this.
    if (!(Math.abs(sum - 1) < 0.01)) yes = false;
  });
  return yes;
}
