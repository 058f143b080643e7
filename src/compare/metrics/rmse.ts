import { finitePairs, ratio, root } from './arithmetic.ts';
import type { Metric } from './metric.ts';

/** The root of the mean squared difference over elements finite on both sides. */
export const rmse: Metric = {
  name: 'rmse',
  from: (m) => (m.kind === 'label' ? null : root(ratio(m.sumSquares, finitePairs(m)))),
};
