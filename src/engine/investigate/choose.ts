import { OnparError } from '../../core/errors.ts';
import { allowedValues } from '../../core/nearest.ts';
import type { Report, ReportCase } from '../../records/report.ts';

/** Verdicts that have a cause to look for. */
const FAILED: readonly string[] = ['fail', 'error', 'unverifiable'];

/**
 * The cases of a run to look into: those named (an id, or a case name for all its conversions), else all that failed, worst
 * first. OnparError `case-unknown` for a name that the run does not have.
 */
export function chosenCases({ cases }: Report, names: readonly string[]): ReportCase[] {
  if (names.length === 0) return cases.filter(({ verdict }) => FAILED.includes(verdict));
  return names.flatMap((name) => {
    const found = cases.filter(({ id, case: own }) => id === name || own === name);
    if (found.length > 0) return found;
    throw new OnparError({
      code: 'case-unknown',
      message: `the run has no case \`${name}\``,
      fix: allowedValues(
        name,
        cases.map(({ id }) => id),
      ),
    });
  });
}
