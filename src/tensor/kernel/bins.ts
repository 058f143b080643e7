import { EXPONENTS } from './assembly/layout.ts';

/** Half-decade bins from 1e-16 (below the rounding of a double near 1) to 1e8; what lies outside falls into the end bins. */
export const FROM = -16;
export const STEP = 0.5;
export const BINS = 48;

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
const FIRST_BIN = Uint8Array.from({ length: EXPONENTS }, (_, exponent) => {
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

/** For each exponent the edge above its first bin: what the kernel compares with. */
export const edgeTable = (): Float64Array => Float64Array.from(FIRST_BIN, (bin) => EDGES[bin + 1] as number);

/** From the kernel's cells (two an exponent, two banks) to bins. Differences of 0 were counted in the first cell too. */
export function binsOf(cells: Uint32Array, zeros: number, counts: Float64Array): void {
  counts.fill(0);
  const bank = cells.length / 2;
  for (let cell = 0; cell < bank; cell++) {
    const n = (cells[cell] as number) + (cells[cell + bank] as number);
    if (n === 0) continue;
    const bin = (FIRST_BIN[cell >> 1] as number) + (cell & 1);
    counts[bin] = (counts[bin] as number) + n;
  }
  counts[0] = (counts[0] as number) - zeros;
}
