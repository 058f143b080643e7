import { binOf } from '../../tensor/kernel/bins.ts';
import { type Moments, type MomentsKind, newMoments } from './moments.ts';
import { WorstPlaces } from './worst.ts';

export type NumericView = Float32Array | Float64Array;

export interface Bounds {
  readonly atol: number;
  readonly rtol: number;
}

/**
 * One pass over two views of equal length: reference on the right of every comparison, in double precision.
 * This is the hot loop, and the interface a SIMD kernel will take over: two views and a tolerance in, moments out
 * (all but `scale`, which the tolerance needs beforehand: `rms`).
 */
export function compareViews(
  reference: NumericView,
  candidate: NumericView,
  { atol, rtol }: Bounds,
  kind: MomentsKind = 'number',
): Moments {
  const m = newMoments(kind);
  const worst = new WorstPlaces();
  const { counts } = m;
  const length = reference.length;
  let zeros = 0;
  let violations = 0;
  let outsideAt = -1;
  let outsideError = -1;
  let maxAbs = 0;
  let maxRel = 0;
  let sumAbs = 0;
  let sumSquares = 0;
  let sumCandidate = 0;
  let sumProduct = 0;
  let sumReference = 0;
  for (let i = 0; i < length; i++) {
    const r = reference[i] as number;
    const c = candidate[i] as number;
    const d = Math.abs(c - r);
    if (d === 0) {
      zeros++;
      const square = r * r;
      sumReference += square;
      sumCandidate += square;
      sumProduct += square;
    } else if (d < Number.POSITIVE_INFINITY) {
      const size = Math.abs(r);
      sumReference += r * r;
      sumCandidate += c * c;
      sumProduct += r * c;
      sumAbs += d;
      sumSquares += d * d;
      const bin = binOf(d);
      counts[bin] = (counts[bin] as number) + 1;
      if (d > maxAbs) maxAbs = d;
      // Compared by product: a division an element costs more than the whole rest.
      if (d > maxRel * size && size > 0) maxRel = d / size;
      if (d > worst.threshold) worst.add(i, d);
      if (d > atol + rtol * size) {
        violations++;
        if (d > outsideError) {
          outsideError = d;
          outsideAt = i;
        }
      }
    } else if (nonFinite(m, r, c)) {
      // A mismatch of NaN or infinities, or a difference that overflows a double: beyond any tolerance.
      violations++;
      if (worst.threshold < Number.POSITIVE_INFINITY) worst.add(i, Number.POSITIVE_INFINITY);
      if (outsideError < Number.POSITIVE_INFINITY) {
        outsideError = Number.POSITIVE_INFINITY;
        outsideAt = i;
      }
    }
  }
  m.elements = length;
  m.zeros += zeros;
  m.violations = violations;
  m.maxAbs = Math.max(m.maxAbs, maxAbs);
  m.maxRel = Math.max(m.maxRel, maxRel);
  m.sumAbs += sumAbs;
  m.sumSquares += sumSquares;
  m.sumCandidate += sumCandidate;
  m.sumProduct += sumProduct;
  m.sumReference += sumReference;
  m.finiteReference += length - m.nonFinite;
  m.worst = worst.places;
  m.worstOutside = outsideAt < 0 ? null : { at: outsideAt, error: outsideError };
  return m;
}

/** The rare elements whose difference is not finite. True when they disagree. */
function nonFinite(m: Moments, r: number, c: number): boolean {
  if (Number.isFinite(r) && Number.isFinite(c)) {
    m.maxAbs = Number.POSITIVE_INFINITY;
    m.maxRel = Number.POSITIVE_INFINITY;
    m.sumAbs = Number.POSITIVE_INFINITY;
    m.sumSquares = Number.POSITIVE_INFINITY;
    m.sumReference += r * r;
    m.sumCandidate += c * c;
    m.sumProduct += r * c;
    return true;
  }
  m.nonFinite++;
  if (Number.isFinite(r)) m.finiteReference++;
  if (Number.isNaN(r) || Number.isNaN(c)) {
    if (Number.isNaN(r) && Number.isNaN(c)) {
      m.zeros++;
      return false;
    }
    m.nanMismatches++;
    return true;
  }
  if (r === c) {
    m.zeros++;
    return false;
  }
  m.infMismatches++;
  return true;
}

/** rms of the finite elements, before any tolerance is known; NaN when there is none. */
export function rms(view: NumericView): number {
  let sum = 0;
  let count = 0;
  for (let i = 0; i < view.length; i++) {
    const square = (view[i] as number) ** 2;
    // Squares of finite doubles overflow from 1e154 on; the slow path below takes those.
    if (square < Number.POSITIVE_INFINITY) {
      sum += square;
      count++;
    }
  }
  const result = Math.sqrt(sum / count);
  return result > 1e-140 && Number.isFinite(result) && count === view.length ? result : carefulRms(view);
}

/** As `rms`, scaled by the largest element so that squares neither overflow nor vanish. */
function carefulRms(view: NumericView): number {
  let largest = 0;
  let count = 0;
  for (const value of view) {
    if (!Number.isFinite(value)) continue;
    largest = Math.max(largest, Math.abs(value));
    count++;
  }
  if (count === 0) return Number.NaN;
  if (largest === 0) return 0;
  let sum = 0;
  for (const value of view) if (Number.isFinite(value)) sum += (value / largest) ** 2;
  return largest * Math.sqrt(sum / count);
}

/** Whether every element lies within the bounds; stops at the first that does not. */
export function within(reference: NumericView, candidate: NumericView, { atol, rtol }: Bounds): boolean {
  for (let i = 0; i < reference.length; i++) {
    const r = reference[i] as number;
    const c = candidate[i] as number;
    const d = Math.abs(c - r);
    if (d <= atol + rtol * Math.abs(r) && d < Number.POSITIVE_INFINITY) continue;
    if (!(r === c || (Number.isNaN(r) && Number.isNaN(c)))) return false;
  }
  return true;
}
