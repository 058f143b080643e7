import type { Unary } from './unary.ts';

/** Pairs needed to find a number from. */
const ENOUGH = 3;

/** Functions of one number with one or two parameters that follow from pairs (x, y): slopes, alphas, bounds. */
export function fittedTo(x: Float64Array, y: Float64Array): Unary[] {
  const negative = places(x, (v) => v < -1e-6);
  const found: Unary[] = [];
  const slope = median(negative.map((i) => (y[i] as number) / (x[i] as number)));
  if (slope !== undefined && slope !== 0 && slope !== 1)
    found.push({
      name: `leaky ReLU (slope ${short(slope)})`,
      family: 'activation',
      words: ['leaky', 'prelu', 'rrelu'],
      at: (v) => (v < 0 ? slope * v : v),
    });
  const alpha = median(negative.map((i) => (y[i] as number) / Math.expm1(x[i] as number)));
  if (alpha !== undefined && alpha !== 0)
    found.push({
      name: `ELU (alpha ${short(alpha)})`,
      family: 'activation',
      words: ['elu'],
      at: (v) => (v < 0 ? alpha * Math.expm1(v) : v),
    });
  // A bound shows itself only where something is cut off; the one at zero alone is a ReLU.
  const [from, to] = range(x);
  const [low, high] = range(y);
  const [below, above] = [low > from, high < to];
  if (low < high && (above || (below && low !== 0)))
    found.push(bounded(below ? low : Number.NEGATIVE_INFINITY, above ? high : Number.POSITIVE_INFINITY));
  return found;
}

const bounded = (low: number, high: number): Unary => ({
  name: `bounds ${short(low)} … ${short(high)}`,
  family: 'bounds',
  words: ['clip', 'clamp', 'hardtanh', 'minimum', 'maximum', 'relu'],
  at: (v) => Math.min(Math.max(v, low), high),
});

const places = (x: Float64Array, is: (v: number) => boolean): number[] =>
  [...x.keys()].filter((i) => is(x[i] as number));

function median(values: readonly number[]): number | undefined {
  if (values.length < ENOUGH) return undefined;
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

function range(y: Float64Array): [number, number] {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const v of y) {
    if (v < low) low = v;
    if (v > high) high = v;
  }
  return [low, high];
}

const short = (n: number): number => Number(n.toPrecision(4));
