import { distance, explainedShare, wrongness } from '../../measure.ts';
import type { Evidence, Hypothesis } from '../../scene.ts';
import { outputPlaces, type Place } from './places.ts';
import { LEAST } from './support.ts';

/** Outputs of the candidate that hold the values of other outputs of the reference: each failing one agrees with another. */
export const outputOrder: Hypothesis = {
  name: 'output-order',
  codes: ['output-order'],
  applies: ({ scene: { lab, sample } }) => {
    const { reference, candidate } = lab.observed(sample);
    return lab.facts.outputs.filter((o) => o.failed).length > 1 && reference !== null && candidate !== null;
  },
  test(question) {
    const places = outputPlaces(question).filter((p) => p.before > p.tolerance);
    return Promise.resolve(places.length < 2 ? undefined : exchanged(places));
  },
};

function exchanged(places: readonly Place[]): Evidence | undefined {
  const taken = new Set<Place>();
  const pairs: string[] = [];
  let after = 0;
  for (const place of places) {
    const nearest = places
      .filter((other) => other !== place && !taken.has(other))
      .map((other) => ({ other, apart: wrongness(distance(place.reference, other.candidate)) }))
      .sort((a, b) => a.apart - b.apart)[0];
    if (nearest === undefined) return undefined;
    taken.add(nearest.other);
    after = Math.max(after, nearest.apart);
    pairs.push(`${place.where} ↔ ${nearest.other.where}`);
  }
  const before = Math.max(...places.map((p) => p.before));
  const rounding = Math.max(...places.map((p) => p.tolerance));
  const explained = explainedShare(Number.isFinite(before) ? before : 1, after, rounding);
  if (explained < LEAST) return undefined;
  return {
    code: 'output-order',
    where: places.map((p) => p.where).join(', '),
    args: { pairs },
    experiment: 'with the outputs paired by their values',
    before,
    after,
    explained,
  };
}
