import type { Source } from '../../tensor/bytes.ts';
import { viewBytes } from '../../tensor/views.ts';
import { inPieces } from './tensor-data.ts';

/** The 16-bit formats that float32 numbers may have gone through. */
export type HalfFormat = 'float16' | 'bfloat16';

/** Bits of a significand, the hidden one included (IEEE 754-2019 §3.6; bfloat16 is the upper half of a float32). */
const SIGNIFICANT_BITS: Readonly<Record<HalfFormat, number>> = { float16: 11, bfloat16: 8 };

/**
 * Fewer elements say too little. The chance that m float32 numbers with random mantissas all end in 13 zero bits is
 * 2^−13m: with 8 of them 2^−104.
 */
const MIN_MANTISSAS = 8;
/** Bits by which the numbers must outrange one significand: else they are as well multiples of one small unit. */
const SPREAD_BITS = 2;

/**
 * The 16-bit format that all elements of a float32 tensor fit into without loss, where that cannot be chance; null
 * otherwise. bfloat16 where both would do.
 *
 * Tables made on purpose are no evidence: numbers of few distinct mantissas (0 and 1, powers of two), whole numbers, and
 * multiples k·2^e of one unit whose |k| needs hardly more bits than the format's significand has (angles, fractions, a
 * fixed-point grid). Numbers that were rounded keep their own exponents, so the span from the largest to the last bit of the
 * smallest is wider. Reading ends at the first number that does not fit, which most weights have within the first few.
 */
export function halfFormatOf(source: Source, size: number): HalfFormat | null {
  let float16 = true;
  let bfloat16 = true;
  let whole = true;
  let lowest = Number.POSITIVE_INFINITY;
  let highest = Number.NEGATIVE_INFINITY;
  const mantissas = new Set<number>();
  inPieces(source, size, (piece) => {
    const bits = viewBytes('uint32', piece);
    for (let i = 0; i < bits.length && (float16 || bfloat16); i++) {
      const number = bits[i] as number;
      const mantissa = number & 0x7fffff;
      const exponent = ((number >>> 23) & 0xff) - 127;
      if ((number & 0x7fffffff) === 0) continue;
      // Infinities are masks, float32's own denormal numbers flushed rests: neither was ever a half.
      if (exponent === 128 && mantissa === 0) continue;
      if ((number & 0xffff) !== 0) bfloat16 = false;
      if (!fitsFloat16(exponent, mantissa)) float16 = false;
      const last = exponent - 23 + trailingZeros(mantissa);
      whole &&= last >= 0;
      if (last < lowest) lowest = last;
      if (exponent > highest) highest = exponent;
      if (mantissa !== 0 && mantissas.size < MIN_MANTISSAS) mantissas.add(mantissa);
    }
    return float16 || bfloat16;
  });
  const format = bfloat16 ? 'bfloat16' : float16 ? 'float16' : null;
  if (format === null || whole || mantissas.size < MIN_MANTISSAS) return null;
  // Small float16 numbers are multiples of its last bit, whatever their size: no other source has just that unit.
  if (format === 'float16' && lowest === FLOAT16_LAST_BIT) return format;
  return highest - lowest + 1 > SIGNIFICANT_BITS[format] + SPREAD_BITS ? format : null;
}

/** Exponent of the smallest float16, 2^−24. */
const FLOAT16_LAST_BIT = -24;

/** Normal float16 numbers have exponents −14 … 15 and 10 bits; below, the last bit is 2^−24. */
function fitsFloat16(exponent: number, mantissa: number): boolean {
  if (exponent > 15 || exponent < FLOAT16_LAST_BIT) return false;
  const spare = exponent >= -14 ? 13 : 13 - 14 - exponent;
  return (mantissa & (2 ** spare - 1)) === 0;
}

/** Of a 23-bit mantissa; 23 where it is zero. */
const trailingZeros = (mantissa: number): number => (mantissa === 0 ? 23 : 31 - Math.clz32(mantissa & -mantissa));
