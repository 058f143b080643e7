import type { Dtype } from './dtype.ts';

/** Legal values of each integer dtype, inclusive. */
export const INTEGER_LIMITS = {
  int64: [-(2n ** 63n), 2n ** 63n - 1n],
  uint64: [0n, 2n ** 64n - 1n],
  int32: [-(2 ** 31), 2 ** 31 - 1],
  uint32: [0, 2 ** 32 - 1],
  int16: [-(2 ** 15), 2 ** 15 - 1],
  uint16: [0, 2 ** 16 - 1],
  int8: [-128, 127],
  uint8: [0, 255],
} as const;

/** Largest finite value of each float dtype: (2 − 2^−mantissa bits) · 2^largest exponent (IEEE 754-2019 §3.3). */
const FLOAT_MAX = {
  float64: Number.MAX_VALUE,
  float32: (2 - 2 ** -23) * 2 ** 127,
  float16: 65504,
  bfloat16: (2 - 2 ** -7) * 2 ** 127,
} as const;

/** Smallest and largest finite value of a dtype as numbers (those of 64-bit integers rounded); 0 and 1 for bool. */
export function dtypeLimits(dtype: Exclude<Dtype, 'string'>): readonly [number, number] {
  if (dtype === 'bool') return [0, 1];
  if (dtype in FLOAT_MAX) {
    const max = FLOAT_MAX[dtype as keyof typeof FLOAT_MAX];
    return [-max, max];
  }
  const [low, high] = INTEGER_LIMITS[dtype as keyof typeof INTEGER_LIMITS];
  return [Number(low), Number(high)];
}
