import type { Histogram } from '../../records/comparison.ts';
import { FROM, STEP } from '../../tensor/kernel/bins.ts';

export { binOf, newCounts } from '../../tensor/kernel/bins.ts';

export function toHistogram(counts: Float64Array, zeros: number, nonFinite: number): Histogram {
  return { from: FROM, step: STEP, counts: [...counts], zeros, nonFinite };
}
