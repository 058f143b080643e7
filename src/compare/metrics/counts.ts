import type { Metric } from './metric.ts';

/** Counts that the kernel keeps as they are. */
export const COUNTS: readonly Metric[] = (['elements', 'nanMismatches', 'infMismatches', 'ties'] as const).map(
  (name) => ({
    name,
    from: (m) => m[name],
  }),
);
