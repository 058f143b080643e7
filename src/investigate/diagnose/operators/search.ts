/** 1/φ: golden-section search (Kiefer 1953) keeps one of its two points at each step. */
const GOLDEN = (Math.sqrt(5) - 1) / 2;

export interface Found {
  readonly value: number;
  readonly error: number;
}

/**
 * The value between `low` and `high` with the least error: a coarse look at `looks` places, then golden-section search
 * around the best of them in `steps` steps. `error` may be infinite where nothing could be computed.
 */
export async function leastError(
  error: (value: number) => Promise<number>,
  {
    low,
    high,
    logarithmic,
    looks = 6,
    steps = 18,
    isWorthIt = () => true,
  }: {
    low: number;
    high: number;
    logarithmic: boolean;
    looks?: number;
    steps?: number;
    isWorthIt?: (least: number) => boolean;
  },
): Promise<Found | undefined> {
  const place = (t: number) => (logarithmic ? low * (high / low) ** t : low + (high - low) * t);
  const seen: { t: number; error: number }[] = [];
  const look = async (t: number) => {
    const point = { t, error: await error(place(t)) };
    seen.push(point);
    return point;
  };
  for (let i = 0; i < looks; i++) await look(i / (looks - 1));
  const best = () => seen.reduce((a, b) => (b.error < a.error ? b : a));
  if (!Number.isFinite(best().error) || !isWorthIt(best().error)) return undefined;
  const middle = best().t;
  let a = Math.max(0, middle - 1 / (looks - 1));
  let b = Math.min(1, middle + 1 / (looks - 1));
  let left = await look(b - GOLDEN * (b - a));
  let right = await look(a + GOLDEN * (b - a));
  for (let i = 0; i < steps; i++) {
    if (left.error <= right.error) {
      b = right.t;
      right = left;
      left = await look(b - GOLDEN * (b - a));
    } else {
      a = left.t;
      left = right;
      right = await look(a + GOLDEN * (b - a));
    }
  }
  return { value: place(best().t), error: best().error };
}
