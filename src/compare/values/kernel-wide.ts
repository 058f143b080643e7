import { binOf } from '../../tensor/kernel/bins.ts';
import { type Moments, newMoments } from './moments.ts';
import { WorstPlaces } from './worst.ts';

export type WideView = BigInt64Array | BigUint64Array;

/** 64-bit integers, exact beyond 2^53. Only distances are measured: products and cosines of ids mean nothing. */
export function compareWide(reference: WideView, candidate: WideView): Moments {
  const m = newMoments('integer');
  const worst = new WorstPlaces();
  let largest = 0n;
  for (let i = 0; i < reference.length; i++) {
    const r = reference[i] as bigint;
    const c = candidate[i] as bigint;
    if (r === c) {
      m.zeros++;
      continue;
    }
    const exact = c > r ? c - r : r - c;
    const d = Number(exact);
    const size = Math.abs(Number(r));
    if (exact > largest) largest = exact;
    m.sumAbs += d;
    m.sumSquares += d * d;
    m.maxRel = size > 0 ? Math.max(m.maxRel, d / size) : m.maxRel;
    const bin = binOf(d);
    m.counts[bin] = (m.counts[bin] as number) + 1;
    if (d > worst.threshold) worst.add(i, d);
  }
  m.elements = reference.length;
  m.finiteReference = reference.length;
  m.violations = reference.length - m.zeros;
  m.maxAbs = Number(largest);
  m.maxAbsExact = largest;
  m.worst = worst.places;
  m.worstOutside = worst.places[0] ?? null;
  return m;
}

/** rms as a double: for the scale only. */
export function rmsWide(view: WideView): number {
  let sum = 0;
  for (let i = 0; i < view.length; i++) sum += Number(view[i]) ** 2;
  return Math.sqrt(sum / view.length);
}
