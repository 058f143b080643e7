import { toFloat64 } from '../../../tensor/values.ts';
import { stepOf } from './bounds.ts';
import { byValue } from './by-value.ts';
import { plain } from './numbers.ts';

/** The best 8-bit grid has 255 steps over the range of the values; from twice that on a step is coarse. */
const STEPS = 255;
const COARSE = 2;

/**
 * The candidate's values lie on a grid whose steps are far larger than the reference's values need, and rounding the
 * reference to that grid gives the candidate.
 */
export const quantisationCoarse = byValue(
  'quantisation-coarse',
  ['quantisation-coarse'],
  ({ reference, candidate }) => {
    if (/int|bool/.test(candidate.dtype)) return [];
    const [a, b] = [toFloat64(reference), toFloat64(candidate)];
    const step = a.length === b.length ? stepOf(b) : null;
    if (step === null) return [];
    let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (const x of a) [low, high] = [Math.min(low, x), Math.max(high, x)];
    const times = (step * STEPS) / (high - low);
    if (!(times >= COARSE)) return [];
    const origin = b[0] as number;
    return [
      {
        code: 'quantisation-coarse',
        args: { times: plain(times), step: plain(step) },
        experiment: `with the reference's values rounded to steps of ${plain(step)}`,
        parameters: 2,
        sides: (pair) => [
          toFloat64(pair.reference).map((x) => origin + Math.round((x - origin) / step) * step),
          toFloat64(pair.candidate),
        ],
      },
    ];
  },
);
