import type { NumericDtype } from '../views.ts';

/** The element types as the assembly numbers them (assembly/widen.ts). */
export const CODES: Readonly<Record<NumericDtype, number>> = {
  float64: 0,
  float32: 1,
  float16: 2,
  bfloat16: 3,
  int64: 4,
  int32: 5,
  int16: 6,
  int8: 7,
  uint64: 8,
  uint32: 9,
  uint16: 10,
  uint8: 11,
  bool: 11,
};

/** What both sides are widened to, exactly, before they are compared. */
export type Form = 'float32' | 'float64' | 'int64' | 'uint64';

const IN_FLOAT32: ReadonlySet<NumericDtype> = new Set([
  'float32',
  'float16',
  'bfloat16',
  'int16',
  'int8',
  'uint16',
  'uint8',
  'bool',
]);

/**
 * Null for what only the scalar kernel can do: int64 against uint64, whose distances need 65 bits.
 * `exact` is set for integers that are compared as such; without it 64-bit integers are rounded to doubles.
 */
export function formOf(a: NumericDtype, b: NumericDtype, exact: boolean): Form | null {
  const both = [a, b];
  if (exact && both.some((d) => d === 'int64' || d === 'uint64')) {
    if (!both.includes('uint64')) return 'int64';
    return both.every((d) => d.startsWith('uint') || d === 'bool') ? 'uint64' : null;
  }
  return both.every((d) => IN_FLOAT32.has(d)) ? 'float32' : 'float64';
}
