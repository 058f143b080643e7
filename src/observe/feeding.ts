import { cast } from '../tensor/build.ts';
import { type Dtype, isFloat } from '../tensor/dtype.ts';
import type { Tensor } from '../tensor/tensor.ts';

/**
 * What a model is fed whose input is a float of 16 bits: samples are made for the original, so a wider float is rounded to
 * nearest, ties to even, as whoever deploys that model must. Whether the other dtype was declared is the contract's business.
 */
export function asHalf(tensor: Tensor, dtype: Dtype | null): Tensor {
  if (dtype !== 'float16' && dtype !== 'bfloat16') return tensor;
  return isFloat(tensor.dtype) ? cast(tensor, dtype) : tensor;
}
