import { defined, finitePairs } from './arithmetic.ts';
import type { Metric } from './metric.ts';

/** max|d| / rms(reference): the error in units of the output’s own size. Infinite where only the reference is all zeros. */
export const scaled: Metric = {
  name: 'scaled',
  from: (m) => {
    if (m.kind !== 'number' || finitePairs(m) === 0) return null;
    return m.maxAbs === 0 ? 0 : defined(m.maxAbs / m.scale);
  },
};
