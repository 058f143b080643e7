import { roundUp } from '../../core/round-up.ts';

/** Bounds of |candidate − reference| ≤ atol + rtol·|reference|. */
export interface BoundsPair {
  readonly atol: number;
  readonly rtol: number;
  /** Mean of atol + rtol·|reference| over the elements that were looked at: what is allowed on average. */
  readonly meanAllowed: number;
}

/** Points between the least and the largest absolute bound that are tried: three percent apart over two decades. */
const STEPS = 160;

/**
 * The tightest pair that holds every element with the margin, by what it allows on average. For a given atol the least rtol
 * is max (|d| − atol) / |reference|; that falls with atol and is convex, so is the mean, and a scan finds its lowest place.
 * `floor` is an atol that other samples need, whose elements are not at hand. Both bounds are multiplied by `margin` and
 * rounded up. Null where nothing differs, or where NaN and infinities disagree.
 */
export function tightestPair(
  reference: Float64Array,
  candidate: Float64Array,
  margin: number,
  floor: number,
): BoundsPair | null {
  let [largest, atZero, sum, finite] = [0, 0, 0, 0];
  for (let i = 0; i < reference.length; i++) {
    const [r, c] = [reference[i] as number, candidate[i] as number];
    if (Object.is(r, c) || r === c || (Number.isNaN(r) && Number.isNaN(c))) continue;
    const d = Math.abs(c - r);
    if (!Number.isFinite(d)) return null;
    largest = Math.max(largest, d);
    // No share of 0 excuses it.
    if (r === 0) atZero = Math.max(atZero, d);
  }
  for (const r of reference) {
    if (!Number.isFinite(r)) continue;
    sum += Math.abs(r);
    finite++;
  }
  if (largest === 0 || finite === 0) return null;
  const mean = sum / finite;
  const from = Math.min(largest, Math.max(floor, atZero, largest * 1e-6));
  let best: BoundsPair | null = null;
  for (let step = 0; step <= STEPS; step++) {
    const atol = from * (largest / from) ** (step / STEPS);
    const rtol = leastRtol(reference, candidate, atol);
    const pair = { atol: roundUp(atol * margin), rtol: rtol === 0 ? 0 : roundUp(rtol * margin) };
    const meanAllowed = pair.atol + pair.rtol * mean;
    if (best === null || meanAllowed < best.meanAllowed) best = { ...pair, meanAllowed };
  }
  return best;
}

function leastRtol(reference: Float64Array, candidate: Float64Array, atol: number): number {
  let rtol = 0;
  for (let i = 0; i < reference.length; i++) {
    const r = Math.abs(reference[i] as number);
    // The last step is the largest difference itself, up to the rounding of the scan.
    const over = Math.abs((candidate[i] as number) - (reference[i] as number)) - atol * (1 + 1e-12);
    if (over > 0 && r > 0) rtol = Math.max(rtol, over / r);
  }
  return rtol;
}
