import { isInteger } from '../../../tensor/dtype.ts';
import type { Tensor } from '../../../tensor/tensor.ts';
import { agreementInOrder } from '../../align/agreement.ts';

/** Whether two tensors hold the same values in the same shape, up to `tolerance` relative to rms of the first. */
export function sameValue(a: Tensor, b: Tensor, tolerance: number): boolean {
  if (a.shape.length !== b.shape.length || a.shape.some((d, i) => d !== b.shape[i])) return false;
  if (a.dtype === 'string' || b.dtype === 'string') {
    return a.dtype === b.dtype && JSON.stringify(a.strings) === JSON.stringify(b.strings);
  }
  if (a.shape.includes(0)) return true;
  // Whole numbers are equal or not: time stamps and identifiers are large beside what matters of them.
  const whole = isInteger(a.dtype) && isInteger(b.dtype);
  return agreementInOrder(a, b).error <= (whole ? 0 : tolerance);
}
