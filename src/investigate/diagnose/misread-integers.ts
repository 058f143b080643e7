import { toFloat64 } from '../../tensor/values.ts';
import type { Grid } from '../grids.ts';
import type { Named } from './graph/name/cause.ts';
import { sliceOf } from './graph/name/rearranged.ts';

/** Distance from a line, in its steps, that rounding to nearest leaves: half a step, and what fitting the line adds. */
const ROUNDED = 0.6;
/** Steps that the stored line may lie beside the fitted one. */
const BESIDE = 1.1;
/** A line goes through any three values. */
const FEWEST = 4;

/**
 * Integers that hold the reference's weights, with a scale or zero point that are not theirs: in some channel weights lie on
 * a line over the integers (least squares), and the stored parameters say another line.
 */
export function misreadIntegers({ value, stored, levels }: Grid): Named | undefined {
  if (stored === undefined) return undefined;
  const [w, q] = [toFloat64(value), toFloat64(stored)];
  const many = levels.scale.length > 1;
  const channels = [...levels.scale].flatMap((scale, c) => {
    const pick = (values: Float64Array) => (many ? sliceOf(stored.shape, levels.axis, c, values) : values);
    return isMisread(pick(w), pick(q), scale, levels.zero[c] ?? 0) ? [c] : [];
  });
  if (channels.length === 0) return undefined;
  return { code: 'quantisation-parameters', args: { channels: channels.length } };
}

function isMisread(w: Float64Array, q: Float64Array, scale: number, zero: number): boolean {
  if (w.length < FEWEST) return false;
  const [meanW, meanQ] = [mean(w), mean(q)];
  let [cross, square] = [0, 0];
  for (let i = 0; i < w.length; i++) {
    const d = (q[i] as number) - meanQ;
    cross += d * ((w[i] as number) - meanW);
    square += d * d;
  }
  const step = cross / square;
  if (!(step > 0)) return false;
  const line = (x: number) => meanW + step * (x - meanQ);
  return (
    w.every((x, i) => Math.abs(line(q[i] as number) - x) <= ROUNDED * step) &&
    q.some((x) => Math.abs(scale * (x - zero) - line(x)) > BESIDE * step)
  );
}

const mean = (values: Float64Array): number => values.reduce((sum, x) => sum + x, 0) / values.length;
