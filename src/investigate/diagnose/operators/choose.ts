import type { DiagnosisCode } from '../../../core/diagnosis-catalogue.ts';
import type { Outcome } from '../../experiment.ts';
import type { Alternative } from './alternative.ts';

/** Less than this share of the error explained: the cause is another one. */
export const EXPLAINS = 0.9;
/** What leaves up to this many times the error of the best one explains as well as that. */
const AS_WELL = 3;

export interface Tried {
  readonly alternative: Alternative;
  readonly outcome: Outcome;
}

/** Codes that say nothing of their own: true as well wherever a more precise one is. */
const GENERAL = new Set<DiagnosisCode>([
  'operator-missing',
  'operator-added',
  'operator-differs',
  'attribute-differs',
  'constant-differs',
]);

/**
 * Those that explain as well as the best one, likeliest first: what the reference's own attributes say, then the smallest
 * change. Empty: none explains enough. `rounding`: error that counts as none.
 */
export function bestOf(tried: readonly Tried[], rounding: number): Tried[] {
  const explaining = tried.filter(({ outcome }) => outcome.explained >= EXPLAINS);
  const least = Math.min(...explaining.map(({ outcome }) => outcome.after));
  const bound = Math.max(rounding, AS_WELL * least);
  const best = explaining.filter(({ outcome }) => outcome.after <= bound);
  const precise = best.filter(({ alternative }) => !GENERAL.has(alternative.code));
  return (precise.length > 0 ? precise : best).sort(
    (a, b) => weight(a.alternative) - weight(b.alternative) || a.outcome.after - b.outcome.after,
  );
}

const weight = ({ told, cost }: Alternative): number => (told === true ? cost - 1000 : cost);

/** Whether all name one cause; the reference's own word decides between several. */
export function agreed(best: readonly Tried[]): boolean {
  const [first] = best;
  if (first === undefined) return false;
  if (first.alternative.told === true)
    return best.every((t) => t.alternative.told !== true || t.alternative.code === first.alternative.code);
  return best.every((t) => t.alternative.code === first.alternative.code);
}
