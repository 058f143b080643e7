import type { Metrics } from '../../records/comparison.ts';
import type { Moments } from '../values/moments.ts';

/** A measure that follows from the kernel's one pass. Null: not defined for this output. */
export interface Metric {
  readonly name: keyof Metrics;
  readonly from: (moments: Moments) => number | bigint | null;
}
