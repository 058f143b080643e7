import { fromNum, type Num } from '../records/numbers.ts';
import type { Diagnosis, ReportCase } from '../records/report.ts';
import { formatNumber, formatPercent } from './numbers.ts';

/** From this share of the error on, a cause explains all that matters. */
const WHOLE = 0.995;

/** The experiment behind a cause, in words: `with the epsilon of the reference the error goes from 6.9e-4 to 2.4e-7`. */
export function experimentText({ evidence, confidence }: Diagnosis): string | null {
  const { experiment } = evidence;
  const [before, after] = [numberIn(evidence.before), numberIn(evidence.after)];
  if (typeof experiment !== 'string' || before === null || after === null) return null;
  const share = confidence >= WHOLE ? '' : `: ${formatPercent(confidence)} of it explained`;
  return `${experiment}: error ${formatNumber(before)} → ${formatNumber(after)} of scale${share}`;
}

const numberIn = (value: unknown): number | null =>
  typeof value === 'number' || typeof value === 'string' ? fromNum(value as Num) : null;

/** Error before and after the experiment; null where it was not told. */
export function beforeAfter({ evidence }: Diagnosis): { readonly before: number; readonly after: number } | null {
  const [before, after] = [numberIn(evidence.before), numberIn(evidence.after)];
  return before === null || after === null ? null : { before, after };
}

/** What an investigation that is not complete, or found nothing, has to say for itself. */
export function investigationRemark({ investigation }: Pick<ReportCase, 'investigation'>): string | null {
  if (investigation === undefined || investigation.status === 'complete') return null;
  const { status, reason } = investigation;
  return status === 'partial' ? `not looked into to the end: ${reason ?? ''}` : `not looked into: ${reason ?? ''}`;
}

/** Places beyond the first where the candidate goes wrong by itself. */
export const furtherDivergences = (c: ReportCase) => (c.investigation?.divergences ?? []).slice(1);
