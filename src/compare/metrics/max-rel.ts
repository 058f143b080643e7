import { finitePairs } from './arithmetic.ts';
import type { Metric } from './metric.ts';

/** The largest |candidate − reference| / |reference|, over references other than 0. */
export const maxRel: Metric = {
  name: 'maxRel',
  from: (m) => (m.kind === 'label' || finitePairs(m) === 0 ? null : m.maxRel),
};
