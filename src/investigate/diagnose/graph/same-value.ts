import type { Tensor } from '../../../tensor/tensor.ts';
import { distance } from '../../measure.ts';

/** Whether two tensors hold the same values in the same shape, up to `tolerance` relative to rms of the first. */
export function sameValue(a: Tensor, b: Tensor, tolerance: number): boolean {
  if (a.shape.length !== b.shape.length || a.shape.some((d, i) => d !== b.shape[i])) return false;
  if (a.dtype === 'string' || b.dtype === 'string') {
    return a.dtype === b.dtype && JSON.stringify(a.strings) === JSON.stringify(b.strings);
  }
  if (a.shape.includes(0)) return true;
  const apart = distance(a, b);
  return apart !== null && apart.unlike === 0 && apart.max <= tolerance;
}
