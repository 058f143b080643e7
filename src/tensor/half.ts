/**
 * Conversion between doubles and the two 16-bit float formats, which have no typed array on Node 20.
 * Both directions are exact where possible and round to nearest, ties to even, where not (IEEE 754-2019 §4.3.1),
 * straight from the double: going through float32 would round twice.
 */
interface SmallFloat {
  readonly mantissaBits: number;
  /** Exponent of the smallest normal number; also the bias is 1 − minExponent. */
  readonly minExponent: number;
  readonly infinity: number;
  readonly nan: number;
}

/** IEEE 754 binary16: 5 exponent and 10 mantissa bits. */
const FLOAT16: SmallFloat = { mantissaBits: 10, minExponent: -14, infinity: 0x7c00, nan: 0x7e00 };
/** The upper half of a float32: 8 exponent and 7 mantissa bits. */
const BFLOAT16: SmallFloat = { mantissaBits: 7, minExponent: -126, infinity: 0x7f80, nan: 0x7fc0 };

const scratch = new DataView(new ArrayBuffer(8));

/** Adding and taking away 2^52 rounds a double in [0, 2^52) to an integer, ties to even, in hardware. */
const TWO_52 = 2 ** 52;
const roundTiesToEven = (x: number): number => x + TWO_52 - TWO_52;

function encode(value: number, { mantissaBits, minExponent, infinity, nan }: SmallFloat): number {
  if (Number.isNaN(value)) return nan;
  scratch.setFloat64(0, value);
  const high = scratch.getUint32(0);
  const sign = (high >>> 31) << 15;
  // Below minExponent the spacing stays that of the smallest normals: subnormals need no case of their own.
  const exponent = Math.max(((high >>> 20) & 0x7ff) - 1023, minExponent);
  // Scaling by a power of two in two steps: 2^(mantissaBits − exponent) itself may lie beyond the doubles' range.
  const scaled = Math.abs(value) * 2 ** -exponent * 2 ** mantissaBits;
  if (!Number.isFinite(scaled)) return sign | infinity;
  // A carry out of the mantissa walks into the exponent, which is exactly the next number up.
  const bits = (exponent - minExponent) * 2 ** mantissaBits + roundTiesToEven(scaled);
  return sign | Math.min(bits, infinity);
}

function decode(bits: number, { mantissaBits, minExponent, infinity }: SmallFloat): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const magnitude = bits & 0x7fff;
  if (magnitude > infinity) return Number.NaN;
  if (magnitude === infinity) return sign * Number.POSITIVE_INFINITY;
  const exponent = magnitude >>> mantissaBits;
  const fraction = magnitude & ((1 << mantissaBits) - 1);
  if (exponent === 0) return sign * fraction * 2 ** (minExponent - mantissaBits);
  return sign * (fraction + 2 ** mantissaBits) * 2 ** (exponent - 1 + minExponent - mantissaBits);
}

/** Bits of the float16 nearest to `value`; beyond 65520 that is infinity. NaN becomes the quiet NaN 0x7e00. */
export const toFloat16Bits = (value: number): number => encode(value, FLOAT16);

/** The number that float16 `bits` (0 to 0xffff) stand for, exactly. */
export const fromFloat16Bits = (bits: number): number => decode(bits, FLOAT16);

/** Bits of the bfloat16 nearest to `value`. NaN becomes the quiet NaN 0x7fc0. */
export const toBfloat16Bits = (value: number): number => encode(value, BFLOAT16);

/** The number that bfloat16 `bits` (0 to 0xffff) stand for, exactly. */
export const fromBfloat16Bits = (bits: number): number => decode(bits, BFLOAT16);
