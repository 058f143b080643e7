import { finitePairs } from './arithmetic.ts';
import type { Metric } from './metric.ts';

/** The largest |candidate − reference|; exact for 64-bit integers. */
export const maxAbs: Metric = {
  name: 'maxAbs',
  from: (m) => (m.kind === 'label' || finitePairs(m) === 0 ? null : (m.maxAbsExact ?? m.maxAbs)),
};
