import type { DiagnosisCode } from '../../../core/diagnosis-catalogue.ts';
import { toFloat64 } from '../../../tensor/values.ts';
import { byValue } from './by-value.ts';
import { plain } from './numbers.ts';
import type { Place } from './places.ts';
import type { Claim } from './support.ts';

/** A value that many elements share at the very end of a range: a bound, not a maximum. */
const AT_BOUND = 3;
/** So much of a tensor must lie between the bounds, or they explain what they please. */
const BETWEEN = 0.2;
/** A tensor of no more values than an 8-bit grid has is quantised. */
const GRID = 256;
/** Between quantised values lie at least so many steps of the float type. */
const FEW = 4;

/**
 * One side is the other, cut at bounds: candidate = clip(reference), or reference = clip(candidate) where a bound is lost.
 * In a quantised tensor the bounds are the ends of its range, and its values saturate.
 */
export const bounds = byValue('bounds', ['clipping-differs', 'saturation'], (place, { scene }) => {
  const { reference, candidate } = place;
  const quantised = scene.lab.facts.declared === 'int8' || onGrid(candidate);
  return [
    ...cut(
      place,
      toFloat64(candidate),
      toFloat64(reference),
      quantised ? 'saturation' : 'clipping-differs',
      'reference',
    ),
    ...cut(place, toFloat64(reference), toFloat64(candidate), 'clipping-differs', 'candidate'),
  ];
});

function cut(
  { before }: Place,
  values: Float64Array,
  other: Float64Array,
  code: DiagnosisCode,
  side: 'reference' | 'candidate',
): Claim[] {
  if (values.length !== other.length || !Number.isFinite(before)) return [];
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const x of values) [low, high] = [Math.min(low, x), Math.max(high, x)];
  if (!(low < high)) return [];
  const lower = beyond(values, low, other, (x) => x < low);
  const upper = beyond(values, high, other, (x) => x > high);
  const inside = values.reduce((n, x) => n + (x > low && x < high ? 1 : 0), 0);
  if (lower + upper === 0 || inside < BETWEEN * values.length) return [];
  const ends = { low: lower > 0 ? low : Number.NEGATIVE_INFINITY, high: upper > 0 ? high : Number.POSITIVE_INFINITY };
  const clip = (x: number): number => Math.min(Math.max(x, ends.low), ends.high);
  const named = { low: lower > 0 ? plain(low) : null, high: upper > 0 ? plain(high) : null };
  const from = side === 'reference' ? 'none' : named;
  const to = side === 'reference' ? named : 'none';
  const share = `${plain((100 * (lower + upper)) / values.length)} %`;
  return [
    {
      code,
      args: code === 'saturation' ? { share, ...named } : { from, to },
      experiment: `with the ${side}'s values cut at ${[named.low, named.high].filter((x) => x !== null).join(' and ')}`,
      parameters: Number(lower > 0) + Number(upper > 0),
      sides: ({ reference, candidate }) =>
        side === 'reference'
          ? [toFloat64(reference).map(clip), toFloat64(candidate)]
          : [toFloat64(reference), toFloat64(candidate).map(clip)],
    },
  ];
}

/** Elements at the end of the range whose counterparts lie beyond it; 0 where it is no bound. */
function beyond(values: Float64Array, end: number, other: Float64Array, outside: (x: number) => boolean): number {
  let [at, past] = [0, 0];
  for (let i = 0; i < values.length; i++) {
    if (values[i] !== end) continue;
    at += 1;
    if (outside(other[i] as number)) past += 1;
  }
  return at >= AT_BOUND && past >= AT_BOUND ? past : 0;
}

/** Integers, or floats that take a few values of equal distance. */
export function onGrid(tensor: Place['candidate']): boolean {
  if (/int/.test(tensor.dtype)) return true;
  const step = stepOf(toFloat64(tensor));
  return step !== null;
}

/** The step of a grid of at most 256 levels (any zero point) that all values lie on; null: they lie on none. */
export function stepOf(values: Float64Array): number | null {
  const seen = new Set<number>();
  for (const x of values) {
    if (!Number.isFinite(x)) return null;
    seen.add(x);
    if (seen.size > GRID) return null;
  }
  const levels = [...seen].sort((a, b) => a - b);
  if (levels.length < FEW || values.length < FEW * levels.length) return null;
  const gaps = levels.slice(1).map((x, i) => x - (levels[i] as number));
  const step = gaps.reduce((least, gap) => Math.min(least, gap), Number.POSITIVE_INFINITY);
  // Dequantised values are products in float32: off by its roundoff, up to the size of the value.
  const size = Math.max(Math.abs(levels[0] as number), Math.abs(levels.at(-1) as number));
  const slack = 1e-3 + (size / step) * 2 ** -22;
  const even = gaps.every((gap) => Math.abs(gap / step - Math.round(gap / step)) <= slack);
  return even && (levels.at(-1) as number) - (levels[0] as number) <= GRID * step ? step : null;
}
