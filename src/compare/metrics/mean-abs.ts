import { finitePairs, ratio } from './arithmetic.ts';
import type { Metric } from './metric.ts';

/** The mean of |candidate − reference| over elements finite on both sides. */
export const meanAbs: Metric = {
  name: 'meanAbs',
  from: (m) => (m.kind === 'label' ? null : ratio(m.sumAbs, finitePairs(m))),
};
