import type { OutputComparison } from '../records/comparison.ts';
import { fromNum } from '../records/numbers.ts';
import type { ReportCase } from '../records/report.ts';
import { formatNumber } from './numbers.ts';

/** `step by step: agrees up to step 6, drifts from step 7 of 12 on; largest 0.12 at step 9`; null for a model without state. */
export function driftLine({ steps }: OutputComparison): string | null {
  if (steps === undefined || steps.length === 0) return null;
  const sizes = steps.map((s) => fromNum(s.maxAbs));
  const most = sizes.reduce((at, size, i) => (size > (sizes[at] as number) ? i : at), 0);
  const outside = steps.findIndex(({ state }) => state === 'outside');
  const silent = steps.findIndex(({ state }) => state === 'silent');
  const course =
    outside === 0
      ? `off from the first of ${steps.length} steps on`
      : outside > 0
        ? `agrees up to step ${outside}, drifts from step ${outside + 1} of ${steps.length} on`
        : silent >= 0
          ? `agrees up to step ${silent}; past it rounding alone leads elsewhere`
          : `agrees in all ${steps.length} steps`;
  const largest =
    (sizes[most] as number) > 0 ? `; largest ${formatNumber(sizes[most] as number)} at step ${most + 1}` : '';
  return `step by step: ${course}${largest}`;
}

/** Codes that say where a failure comes from, beside the findings that decide. */
const TELLING = ['steps-by-themselves', 'joint-broken', 'joints-add-up'];

/** What runs of the parts by themselves told: steps from the reference’s state, stages on what the reference hands them. */
export const partLines = ({ findings }: ReportCase): string[] =>
  findings.filter((f) => TELLING.includes(f.code)).map((f) => f.message);
