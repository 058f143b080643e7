import { OnparError } from '../core/errors.ts';
import { digestJson } from '../core/hash.ts';
import type { Plan } from './conversion.ts';

/** Several suites as one run. The store lies beside the first. Throws when two suites name a conversion alike. */
export function mergePlans(plans: readonly Plan[]): Plan {
  const [first] = plans;
  if (first === undefined) throw new Error('no plan to run');
  if (plans.length === 1) return first;
  const conversions = plans.flatMap((p) => p.conversions);
  const twice = conversions.find((c, i) => conversions.findIndex((other) => other.id === c.id) !== i);
  if (twice !== undefined) {
    throw new OnparError({
      code: 'duplicate-id',
      message: `two suites have a conversion called \`${twice.id}\``,
      fix: 'rename the case in one of them',
    });
  }
  return {
    ...first,
    title: plans.map((p) => p.title).join(', '),
    file: null,
    digest: digestJson(plans.map((p) => p.digest)),
    conversions,
    planned: plans.flatMap((p) => p.planned),
  };
}
