import type { Dtype } from '../../tensor/dtype.ts';
import type { Bounds } from '../values/kernel.ts';

export type FloatDtype = 'float16' | 'bfloat16' | 'float32' | 'float64';

/**
 * What two correct computations of one operator may differ by, as torch.testing.assert_close has it
 * (torch/testing/_comparison.py, _DTYPE_PRECISIONS; https://docs.pytorch.org/docs/stable/testing.html).
 */
export const DTYPE_TABLE: Readonly<Record<FloatDtype, Bounds>> = {
  float16: { rtol: 1e-3, atol: 1e-5 },
  bfloat16: { rtol: 1.6e-2, atol: 1e-5 },
  float32: { rtol: 1.3e-6, atol: 1e-5 },
  float64: { rtol: 1e-7, atol: 1e-7 },
};

/** Fewest significand bits first: 8, 11, 24, 53. */
const BY_PRECISION: readonly FloatDtype[] = ['bfloat16', 'float16', 'float32', 'float64'];

/**
 * The float dtype whose rounding decides between two sides. Integers carry no rounding of their own;
 * dequantised ones were made by float32 arithmetic.
 */
export function lessPrecise(a: Dtype, b: Dtype): FloatDtype {
  return BY_PRECISION.find((dtype) => dtype === a || dtype === b) ?? 'float32';
}
