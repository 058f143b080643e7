import type { ReportCase, Totals } from '../records/report.ts';
import { isEnvironmentFailure } from './report-case.ts';

/** An expected failure is counted as such and nowhere else. */
export function countCases(cases: readonly ReportCase[]): Totals {
  const totals = { pass: 0, fail: 0, unverifiable: 0, error: 0, skipped: 0, expectedFail: 0 };
  for (const c of cases) {
    if (c.expected?.met === true) totals.expectedFail++;
    else totals[c.verdict]++;
  }
  return totals;
}

const holds = (c: ReportCase): boolean =>
  c.verdict === 'pass' || c.expected?.met === true || (c.verdict === 'skipped' && c.optional);

/** Our own mistake in one conversion says nothing about a model, and must not pass for a verdict on it. */
const isBug = (c: ReportCase): boolean => c.verdict === 'error' && c.findings.some((f) => f.code === 'internal-error');

/** 0 parity holds · 1 it does not · 3 no case could run because the environment failed · 70 a bug in onpar. An empty run proves nothing: 1. */
export function exitCodeOf(cases: readonly ReportCase[]): number {
  if (cases.length === 0) return 1;
  if (cases.some(isBug)) return 70;
  if (cases.every(holds)) return cases.every((c) => c.verdict === 'skipped') ? 1 : 0;
  return cases.every((c) => c.verdict === 'skipped' || (c.verdict === 'error' && isEnvironmentFailure(c))) ? 3 : 1;
}
