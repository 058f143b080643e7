import type { Histogram } from '../../records/comparison.ts';

/** Half-decade bins from 1e-16 (below the rounding of a double near 1) to 1e8; what lies outside falls into the end bins. */
const FROM = -16;
const STEP = 0.5;
const BINS = 48;

export const newCounts = (): Float64Array => new Float64Array(BINS);

/** Lower edge of each bin, and infinity behind the last one. */
const EDGES = Float64Array.from({ length: BINS + 1 }, (_, i) =>
  i === BINS ? Number.POSITIVE_INFINITY : 10 ** (FROM + STEP * i),
);

const word = new Uint32Array(2);
const double = new Float64Array(word.buffer);

/**
 * The bin of the smallest number with each of the 2048 double exponents. An octave is narrower than a bin
 * (log10 2 = 0.30 < 0.5), so the true bin is this one or the next: two lookups instead of a logarithm per element.
 */
const FIRST_BIN = Uint8Array.from({ length: 2048 }, (_, exponent) => {
  const smallest = exponent === 0 ? 0 : 2 ** (exponent - 1023);
  let bin = 0;
  while (bin < BINS - 1 && smallest >= (EDGES[bin + 1] as number)) bin++;
  return bin;
});

/** The bin of |candidate − reference|, which must be above 0. */
export function binOf(difference: number): number {
  double[0] = difference;
  const bin = FIRST_BIN[(word[1] as number) >>> 20] as number;
  return difference >= (EDGES[bin + 1] as number) ? bin + 1 : bin;
}

export function toHistogram(counts: Float64Array, zeros: number, nonFinite: number): Histogram {
  return { from: FROM, step: STEP, counts: [...counts], zeros, nonFinite };
}
