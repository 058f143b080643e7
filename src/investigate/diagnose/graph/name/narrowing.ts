import { fromBfloat16Bits, fromFloat16Bits, toBfloat16Bits, toFloat16Bits } from '../../../../tensor/half.ts';

/** The numbers of one tensor are those of another after a narrower type. */
export interface Narrowing {
  /** `float16`, `bfloat16`, `11 bits`, `int8`: as a person would call it. */
  readonly dtype: string;
  /** `grid`: multiples of one step, as quantisation makes them. */
  readonly kind: 'float' | 'grid' | 'decimal';
}

const ROUNDED: Readonly<Record<string, (x: number) => number>> = {
  float16: (x) => fromFloat16Bits(toFloat16Bits(x)),
  bfloat16: (x) => fromBfloat16Bits(toBfloat16Bits(x)),
  float32: Math.fround,
  integers: (x) => Math.round(x),
  'whole numbers, cut': Math.trunc,
};

/** Significant bits of a float32 and less say that a narrower type was there: float16 and TF32 have 11, bfloat16 has 8. */
const MOST_BITS = 12;
/** Too few numbers look like anything. */
const LEAST = 4;
const MOST_DIGITS = 4;
/** Levels of a grid that count as one of quantisation. */
const MOST_LEVELS = 4096;
/** The largest number of a symmetric grid of 4 and 8 bits. */
const LEVELS = [7, 8, 127, 128];

export function narrowing(a: Float64Array, b: Float64Array): Narrowing | undefined {
  if (a.length < LEAST || a.every((v, i) => v === b[i])) return undefined;
  for (const [dtype, round] of Object.entries(ROUNDED))
    if (a.every((v, i) => round(v) === b[i])) return { dtype, kind: 'float' };
  const bits = significantBits(b);
  const close = (share: number) => a.every((v, i) => Math.abs(v - (b[i] as number)) <= share * Math.abs(v));
  if (bits <= MOST_BITS && bits > 1 && significantBits(a) > bits + 3 && close(2 ** (1 - bits))) {
    return { dtype: bits === 11 ? 'TF32' : bits === 8 ? 'bfloat16' : `${bits} bits`, kind: 'float' };
  }
  for (let digits = 1; digits <= MOST_DIGITS; digits++)
    if (a.every((v, i) => Math.fround(Number(v.toPrecision(digits))) === Math.fround(b[i] as number)))
      return { dtype: `${digits} digits`, kind: 'decimal' };
  const levels = gridLevels(a, b);
  return levels === undefined
    ? undefined
    : { dtype: levels <= 17 ? 'int4' : levels <= 257 ? 'int8' : `${levels} steps`, kind: 'grid' };
}

/** The most significant bits that any of the numbers needs. */
function significantBits(values: Float64Array): number {
  let most = 0;
  const view = new DataView(new ArrayBuffer(8));
  for (const v of values) {
    if (v === 0 || !Number.isFinite(v)) continue;
    view.setFloat64(0, v);
    const low = view.getUint32(4);
    const high = view.getUint32(0) & 0xfffff;
    const bits = low !== 0 ? 53 - trailing(low) : high === 0 ? 1 : 21 - trailing(high);
    if (bits > most) most = bits;
  }
  return most;
}

const trailing = (x: number): number => 31 - Math.clz32(x & -x);

/** Levels between the least and the greatest, where all numbers are multiples of one step within half of which the others lie. */
function gridLevels(a: Float64Array, b: Float64Array): number | undefined {
  const most = b.reduce((m, v) => Math.max(m, Math.abs(v)), 0);
  for (const levels of LEVELS) {
    const step = most / levels;
    const fits = (v: number) => Math.abs(v / step - Math.round(v / step)) < 1e-3;
    if (b.length >= 8 && b.every(fits) && a.every((v, i) => Math.abs(v - (b[i] as number)) <= 0.55 * step))
      return 2 * levels + 1;
  }
  const sorted = [...new Set(b)].sort((x, y) => x - y);
  if (sorted.length < 3 || sorted.length > MOST_LEVELS || sorted.length * 1.2 > b.length) return undefined;
  const span = (sorted.at(-1) as number) - (sorted[0] as number);
  let step = Number.POSITIVE_INFINITY;
  for (let i = 1; i < sorted.length; i++) step = Math.min(step, (sorted[i] as number) - (sorted[i - 1] as number));
  if (span / step > MOST_LEVELS) return undefined;
  const near = (x: number) => Math.abs(x / step - Math.round(x / step)) < 0.02;
  if (!sorted.every((x) => near(x - (sorted[0] as number)))) return undefined;
  const inHalf = a.every((v, i) => Math.abs(v - (b[i] as number)) <= 0.55 * step);
  return inHalf ? Math.round(span / step) + 1 : undefined;
}
