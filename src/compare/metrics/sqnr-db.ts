import type { Moments } from '../values/moments.ts';
import { defined } from './arithmetic.ts';
import type { Metric } from './metric.ts';

/** Signal-to-quantisation-noise ratio in dB: 10·log10(Σ reference² / Σ d²); infinite without any error. */
export const sqnrDb: Metric = {
  name: 'sqnrDb',
  from: (m) => (m.kind === 'number' ? decibels(m) : null),
};

const decibels = (m: Moments): number | null =>
  m.sumReference === 0 ? null : defined(10 * Math.log10(m.sumReference / m.sumSquares));
