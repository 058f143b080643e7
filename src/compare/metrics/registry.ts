import type { Metrics } from '../../records/comparison.ts';
import { toNum } from '../../records/numbers.ts';
import type { Moments } from '../values/moments.ts';
import { argmaxAgreement } from './argmax-agreement.ts';
import { cosine } from './cosine.ts';
import { COUNTS } from './counts.ts';
import { maxAbs } from './max-abs.ts';
import { maxRel } from './max-rel.ts';
import { meanAbs } from './mean-abs.ts';
import type { Metric } from './metric.ts';
import { mismatchFraction } from './mismatch-fraction.ts';
import { rmse } from './rmse.ts';
import { scale } from './scale.ts';
import { scaled } from './scaled.ts';
import { sqnrDb } from './sqnr-db.ts';

export const METRICS: readonly Metric[] = [
  maxAbs,
  maxRel,
  meanAbs,
  rmse,
  scaled,
  cosine,
  sqnrDb,
  mismatchFraction,
  scale,
  argmaxAgreement,
  ...COUNTS,
];

/** The names that an expression may use. */
export const METRIC_NAMES: readonly string[] = METRICS.map((m) => m.name);

/** All measures of one output as the record keeps them. */
export function measure(moments: Moments): Metrics {
  const entries = METRICS.map(({ name, from }) => {
    const value = from(moments);
    return [name, value === null ? null : toNum(value)];
  });
  return Object.fromEntries(entries) as Metrics;
}
