import { ratio } from './arithmetic.ts';
import type { Metric } from './metric.ts';

/** The share of rows whose argmax over the last axis agrees, ties counted as agreement. */
export const argmaxAgreement: Metric = {
  name: 'argmaxAgreement',
  from: (m) => ratio(m.rowsAgreeing, m.rows),
};
