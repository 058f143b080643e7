import { type Moments, newMoments } from './moments.ts';
import { WorstPlaces } from './worst.ts';

/** Strings: equal or not. Each difference counts as 1, so that the first few are kept as the worst. */
export function compareText(reference: readonly string[], candidate: readonly string[]): Moments {
  const m = newMoments('label');
  const worst = new WorstPlaces();
  for (let i = 0; i < reference.length; i++) {
    if (reference[i] === candidate[i]) m.zeros++;
    else if (worst.threshold === 0) worst.add(i, 1);
  }
  m.elements = reference.length;
  m.finiteReference = reference.length;
  m.violations = reference.length - m.zeros;
  m.worst = worst.places;
  m.worstOutside = worst.places[0] ?? null;
  return m;
}
