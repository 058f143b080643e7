import { defined } from './arithmetic.ts';
import type { Metric } from './metric.ts';

/** rms(reference) over its finite elements. */
export const scale: Metric = {
  name: 'scale',
  from: (m) => (m.kind === 'number' ? defined(m.scale) : null),
};
