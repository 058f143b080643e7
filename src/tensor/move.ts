import type { Random } from '../core/random.ts';
import { fromBfloat16Bits, fromFloat16Bits, toBfloat16Bits, toFloat16Bits } from './half.ts';
import { viewBytes } from './views.ts';

/** The dtypes that have rounding errors. */
export type FloatDtype = 'float64' | 'float32' | 'float16' | 'bfloat16';

/** Largest relative error of rounding a normal number to nearest: half of 2^−mantissa bits (IEEE 754-2019 §3.3). */
export const UNIT_ROUNDOFF: Readonly<Record<FloatDtype, number>> = {
  float64: 2 ** -53,
  float32: 2 ** -24,
  float16: 2 ** -11,
  bfloat16: 2 ** -8,
};

/** 3^20, the largest power of three below 2^32: so many draws give twenty fair digits of base three each. */
const THREE_20 = 3 ** 20;

/** −1, 0 or +1 with equal probability, twenty of them from one 32-bit draw. */
export function trits({ uint32 }: Random): () => number {
  let left = 0;
  let digits = 0;
  return () => {
    if (left === 0) {
      // Draws from 3^20 up would favour small digits.
      do digits = uint32();
      while (digits >= THREE_20);
      left = 20;
    }
    left--;
    const rest = Math.floor(digits / 3);
    const trit = digits - 3 * rest - 1;
    digits = rest;
    return trit;
  };
}

/**
 * Moves each number in place by `next()` ulps of its dtype's own grid and tells how many moved. Zeros, infinities and NaN
 * stay, and no number becomes one of them. `bytes` are little-endian elements, aligned to their size.
 *
 * IEEE 754 floats of one sign are ordered as the integers their bits spell, so the neighbour is one integer away.
 * `unit` float32 moves a float64 by ulps of the float32 grid instead, whose last bit is bit 29 of a double.
 */
export function moveByUlps(
  bytes: Uint8Array,
  dtype: FloatDtype,
  next: () => number,
  unit: 'own' | 'float32' = 'own',
): number {
  if (dtype === 'float64') return moveDoubles(bytes, next, unit === 'own' ? 1 : 2 ** 29);
  if (dtype === 'float32') return moveSingles(bytes, next);
  const bits = viewBytes('uint16', bytes);
  const infinity = dtype === 'float16' ? 0x7c00 : 0x7f80;
  let moved = 0;
  for (let i = 0; i < bits.length; i++) {
    const old = bits[i] as number;
    const step = next();
    const magnitude = (old & 0x7fff) + step;
    if (step === 0 || (old & 0x7fff) === 0 || (old & 0x7fff) >= infinity) continue;
    if (magnitude === 0 || magnitude >= infinity) continue;
    bits[i] = old + step;
    moved++;
  }
  return moved;
}

function moveSingles(bytes: Uint8Array, next: () => number): number {
  const bits = viewBytes('int32', bytes);
  let moved = 0;
  for (let i = 0; i < bits.length; i++) {
    const old = bits[i] as number;
    const before = old & 0x7fffffff;
    const step = next();
    const after = before + step;
    if (step === 0 || before === 0 || before >= 0x7f800000 || after === 0 || after >= 0x7f800000) continue;
    bits[i] = old + step;
    moved++;
  }
  return moved;
}

function moveDoubles(bytes: Uint8Array, next: () => number, unit: number): number {
  const words = viewBytes('uint32', bytes);
  let moved = 0;
  for (let i = 0; i < words.length; i += 2) {
    const low = words[i] as number;
    const high = words[i + 1] as number;
    const step = next();
    const before = high & 0x7fffffff;
    if (step === 0 || before >= 0x7ff00000 || (before === 0 && low === 0)) continue;
    const sum = low + step * unit;
    const carry = sum < 0 ? -1 : sum >= 2 ** 32 ? 1 : 0;
    const after = before + carry;
    const wrapped = sum - carry * 2 ** 32;
    // Below zero or to zero: a denormal number at the end of the grid; to infinity: the largest number.
    if (after < 0 || after >= 0x7ff00000 || (after === 0 && wrapped === 0)) continue;
    words[i] = wrapped;
    words[i + 1] = (high & 0x80000000) + after;
    moved++;
  }
  return moved;
}

/** The numbers behind `bytes`: floats and doubles as views that share memory where it is aligned, halves decoded. */
export function floatsOf(dtype: FloatDtype, bytes: Uint8Array): Float32Array | Float64Array {
  if (dtype === 'float32' || dtype === 'float64') return viewBytes(dtype, bytes);
  const bits = viewBytes(dtype, bytes);
  const decode = dtype === 'float16' ? fromFloat16Bits : fromBfloat16Bits;
  const out = new Float64Array(bits.length);
  for (let i = 0; i < out.length; i++) out[i] = decode(bits[i] as number);
  return out;
}

/**
 * Replaces each number in place by `move(number, index)`, rounded to the dtype, and tells how many changed. Infinities and
 * NaN stay, and a result that is none of the dtype's finite numbers is not taken. `bytes` as in `moveByUlps`.
 */
export function moveBy(bytes: Uint8Array, dtype: FloatDtype, move: (value: number, index: number) => number): number {
  const values = floatsOf(dtype, bytes);
  const bits = dtype === 'float16' || dtype === 'bfloat16' ? viewBytes(dtype, bytes) : null;
  const encode = dtype === 'float16' ? toFloat16Bits : toBfloat16Bits;
  const infinity = dtype === 'float16' ? 0x7c00 : 0x7f80;
  let moved = 0;
  for (let i = 0; i < values.length; i++) {
    const old = values[i] as number;
    if (!Number.isFinite(old)) continue;
    const target = move(old, i);
    if (bits !== null) {
      const code = encode(target);
      if ((code & 0x7fff) >= infinity || code === bits[i]) continue;
      bits[i] = code;
      moved++;
    } else {
      values[i] = target;
      if (!Number.isFinite(values[i] as number)) values[i] = old;
      else if (values[i] !== old) moved++;
    }
  }
  return moved;
}
