/** Root mean square and standard deviation of the finite values; zeros where there are none. */
export function spread(values: Float64Array): {
  readonly rms: number;
  readonly deviation: number;
  readonly mean: number;
} {
  let count = 0;
  let sum = 0;
  let squares = 0;
  for (const x of values) {
    if (!Number.isFinite(x)) continue;
    count += 1;
    sum += x;
    squares += x * x;
  }
  if (count === 0) return { rms: 0, deviation: 0, mean: 0 };
  const mean = sum / count;
  let parts = 0;
  for (const x of values) if (Number.isFinite(x)) parts += (x - mean) ** 2;
  return { rms: Math.sqrt(squares / count), deviation: Math.sqrt(parts / count), mean };
}

/** Enough to tell that values are many. */
const MANY = 10_000;

/** How many different values there are; counting stops at 10,000. */
export function distinctValues(values: Float64Array): number {
  const seen = new Set<number>();
  for (const x of values) {
    seen.add(x);
    if (seen.size >= MANY) break;
  }
  return seen.size;
}

/** Least squares b ≈ factor·a + offset over finite values; null: fewer than three, or `a` does not vary. */
export function fitLine(a: Float64Array, b: Float64Array): { readonly factor: number; readonly offset: number } | null {
  let n = 0;
  let sa = 0;
  let sb = 0;
  for (let i = 0; i < a.length; i++) {
    if (!Number.isFinite(a[i]) || !Number.isFinite(b[i])) continue;
    n += 1;
    sa += a[i] as number;
    sb += b[i] as number;
  }
  if (n < 3) return null;
  const [ma, mb] = [sa / n, sb / n];
  let saa = 0;
  let sab = 0;
  for (let i = 0; i < a.length; i++) {
    if (!Number.isFinite(a[i]) || !Number.isFinite(b[i])) continue;
    const d = (a[i] as number) - ma;
    saa += d * d;
    sab += d * ((b[i] as number) - mb);
  }
  if (!(saa > 0)) return null;
  const factor = sab / saa;
  return { factor, offset: mb - factor * ma };
}

/** A number as a sentence can bear it: four digits, or the simple one it stands for. */
export function plain(value: number): number {
  const whole = Math.round(value);
  if (whole !== 0 && Math.abs(value - whole) <= 1e-5 * Math.abs(whole)) return whole;
  return Math.abs(value) < 1e-12 ? 0 : Number(value.toPrecision(4));
}

/** `[outer, size, inner]` of an axis: element (o, k, i) stands at (o·size + k)·inner + i. */
export function strides(shape: readonly number[], axis: number): readonly [number, number, number] {
  const product = (dims: readonly number[]): number => dims.reduce((n, d) => n * d, 1);
  return [product(shape.slice(0, axis)), shape[axis] as number, product(shape.slice(axis + 1))];
}
