/** Two weights of trained models are as good as orthogonal; a quantised copy points where its original does. */
const SAME_DIRECTION = 0.9;
const OTHER_DIRECTION = 0.7;
/** More numbers than this are not read only to find out which weight is which. */
const MAX_NUMBERS = 2 ** 24;

/**
 * The one of `others` that points the way `values` does (cosine of at least 0.9, all others below 0.7); undefined where none
 * does, or several. Scales that are wrong by a factor do not hide a match: the cosine does not know them.
 */
export function mostAlike<T>(
  values: Float64Array,
  others: readonly T[],
  read: (other: T) => ArrayLike<number>,
): T | undefined {
  if (values.length * others.length > MAX_NUMBERS) return undefined;
  const cosines = others.map((other) => Math.abs(cosine(values, read(other))));
  const order = cosines.map((c, i) => ({ c, i })).sort((a, b) => b.c - a.c);
  const [best, second] = order;
  if (best === undefined || !(best.c >= SAME_DIRECTION) || (second !== undefined && second.c >= OTHER_DIRECTION))
    return undefined;
  return others[best.i];
}

/** Of tensors read as vectors; NaN where either is zero or they differ in length. */
function cosine(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Number.NaN;
  let [ab, aa, bb] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    const [x, y] = [a[i] as number, b[i] as number];
    ab += x * y;
    aa += x * x;
    bb += y * y;
  }
  return ab / Math.sqrt(aa * bb);
}
