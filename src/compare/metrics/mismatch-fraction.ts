import { ratio } from './arithmetic.ts';
import type { Metric } from './metric.ts';

/** The share of elements outside the tolerance; ties are not counted. */
export const mismatchFraction: Metric = {
  name: 'mismatchFraction',
  from: (m) => ratio(m.violations, m.elements),
};
