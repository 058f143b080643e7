import { toFloat64 } from '../../../tensor/values.ts';
import { distanceOf, wrongness } from '../../measure.ts';
import type { Place } from './places.ts';
import { LEAST } from './support.ts';

/** Sorting more than this takes seconds. */
const MOST = 4_000_000;

const known = new WeakMap<Place, boolean>();

/**
 * Whether both sides hold the same values, whatever their order: sorted, they agree to rounding, or nine tenths of the
 * error are gone. It is what lets thousands of orders be tried without one of them fitting by chance.
 */
export function sameValues(place: Place): boolean {
  const before = known.get(place);
  if (before !== undefined) return before;
  const [a, b] = [toFloat64(place.reference), toFloat64(place.candidate)];
  const answer = a.length === b.length && a.length >= 4 && a.length <= MOST && agree(a, b, place);
  known.set(place, answer);
  return answer;
}

function agree(a: Float64Array, b: Float64Array, { before, tolerance }: Place): boolean {
  const after = wrongness(distanceOf(a.slice().sort(), b.slice().sort()));
  const start = Number.isFinite(before) ? before : 1;
  return after <= tolerance || after <= (1 - LEAST) * start;
}
