import type { DiagnosisCode } from '../../../core/diagnosis-catalogue.ts';
import { toFloat64 } from '../../../tensor/values.ts';
import { distanceOf, explainedShare, wrongness } from '../../measure.ts';
import type { Evidence } from '../../scene.ts';
import { distinctValues, spread } from './numbers.ts';
import type { Pair, Place } from './places.ts';

/** What should be equal if a claim holds: the side nearer to the reference, and the one nearer to the candidate. */
export type Sides = readonly [Float64Array, Float64Array];

/** A cause that can be tried on recorded values alone: what it would make of one side, held against the other. */
export interface Claim {
  readonly code: DiagnosisCode;
  readonly args: Readonly<Record<string, unknown>>;
  /** What was done, as a sentence: "with softmax applied to the candidate's values". */
  readonly experiment: string;
  /** The two sides on a pair of any sample; null: it cannot be applied there. */
  sides(pair: Pair): Sides | null;
  /** Numbers that were fitted to the values, a choice among k counting as log2(k)/8 of one. */
  readonly parameters: number;
}

/** A transformation that leaves more than a tenth is not the cause. */
export const LEAST = 0.9;
/** One that leaves more than rounding is believed only if other samples bear it out; this many tolerances are rounding. */
const ROUNDING = 10;
/** What is left may be this much of the values' spread at most, however large the error was: else another cause is nearer. */
const LEFT = 0.05;
/** Distinct values that each fitted number must be held against, and those on top. */
const PER_PARAMETER = 4;
const AT_LEAST = 8;

/**
 * The claim that explains a place best, fewer parameters first among those that leave nothing but rounding. It must take
 * away nine tenths of the error here and, with the same numbers, on the other samples; what is left is measured against the
 * spread of the values, not their mean, so that a function that makes everything alike explains nothing. Without other
 * samples it must leave rounding alone, and hold against more values than it has numbers to fit them with.
 */
export async function supported(place: Place, claims: readonly Claim[]): Promise<Evidence | undefined> {
  const { tolerance } = place;
  if (place.before <= tolerance) return undefined;
  const tried = claims
    .map((claim) => ({ claim, ...outcome(claim, place, tolerance) }))
    .filter(({ explained, after }) => explained >= LEAST && after <= Math.max(LEFT, 2 * tolerance))
    .sort((a, b) => rank(a.after, tolerance) - rank(b.after, tolerance) || a.claim.parameters - b.claim.parameters);
  if (tried.length === 0) return undefined;
  const others = (await place.others()).filter((pair) => before(pair) > tolerance);
  for (const { claim, after, explained } of tried) {
    const shares = others.map((pair) => outcome(claim, pair, tolerance).explained);
    const confirmed = shares.length > 0 && shares.every((share) => share >= LEAST);
    if (shares.length > 0 && !confirmed) continue;
    if (!confirmed && !alone(claim, place, after, tolerance)) continue;
    return {
      code: claim.code,
      where: place.where,
      args: claim.args,
      experiment: `${claim.experiment}${confirmed ? ` (so in ${shares.length + 1} samples)` : ''}`,
      before: place.before,
      after,
      explained: Math.min(explained, ...shares),
    };
  }
  return undefined;
}

/** Rounding is all the same; beyond it, less is better. */
const rank = (after: number, tolerance: number): number => (after <= ROUNDING * tolerance ? 0 : after);

const alone = ({ parameters }: Claim, { candidate }: Pair, after: number, tolerance: number): boolean =>
  after <= ROUNDING * tolerance && distinctValues(toFloat64(candidate)) >= AT_LEAST + PER_PARAMETER * parameters;

function before({ reference, candidate }: Pair): number {
  const [a, b] = [toFloat64(reference), toFloat64(candidate)];
  return a.length === b.length ? wrongness(distanceOf(a, b)) : Number.POSITIVE_INFINITY;
}

function outcome(claim: Claim, pair: Pair, tolerance: number): { after: number; explained: number } {
  const nothing = { after: Number.POSITIVE_INFINITY, explained: 0 };
  const sides = claim.sides(pair);
  if (sides === null || sides[0].length !== sides[1].length || sides[0].length === 0) return nothing;
  const [a, b] = sides;
  const { rms, deviation } = spread(a);
  // What hardly varies agrees with anything that hardly varies.
  if (!(deviation > 100 * Number.EPSILON * rms)) return nothing;
  const after = wrongness(distanceOf(a, b)) * ((rms || 1) / deviation);
  const start = before(pair);
  // Shapes that do not meet count as wrong by the values' own size.
  return { after, explained: explainedShare(Number.isFinite(start) ? start : 1, after, tolerance) };
}
