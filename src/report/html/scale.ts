/** A log axis in percent of its width, so that charts need no fixed pixels. Zero and not-a-number have slots of their own. */
export interface LogScale {
  /** Percent from the left. */
  readonly x: (value: number) => number;
  readonly ticks: readonly { readonly at: number; readonly label: string }[];
  readonly hasZero: boolean;
  readonly hasNonFinite: boolean;
}

/** Errors this many decades below the largest are drawn at the left end: the eye needs no more. */
const MOST_DECADES = 18;
const LEAST_DECADES = 4;
const MOST_TICKS = 6;
const ZERO_AT = 2;
const NON_FINITE_AT = 98;

/** The axis that holds all `values`; whole decades, at least four. */
export function logScale(values: readonly number[]): LogScale {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  let hasZero = false;
  let hasNonFinite = false;
  for (const value of values) {
    if (!Number.isFinite(value)) hasNonFinite = true;
    else if (value <= 0) hasZero = true;
    else {
      low = Math.min(low, Math.log10(value));
      high = Math.max(high, Math.log10(value));
    }
  }
  if (low > high) [low, high] = [-8, -4];
  const to = Math.ceil(high + 1e-9);
  const from = Math.max(to - MOST_DECADES, Math.min(Math.floor(low), to - LEAST_DECADES));
  const left = hasZero ? 7 : 2;
  const right = hasNonFinite ? 85 : 98;
  const at = (decade: number): number =>
    round(left + ((Math.min(to, Math.max(from, decade)) - from) / (to - from)) * (right - left));
  return {
    hasZero,
    hasNonFinite,
    x: (value) => (!Number.isFinite(value) ? NON_FINITE_AT : value <= 0 ? ZERO_AT : at(Math.log10(value))),
    ticks: tickDecades(from, to).map((decade) => ({ at: at(decade), label: decadeLabel(decade) })),
  };
}

const round = (percent: number): number => Math.round(percent * 100) / 100;

function tickDecades(from: number, to: number): number[] {
  const step = Math.ceil((to - from) / MOST_TICKS);
  return Array.from({ length: Math.floor((to - from) / step) + 1 }, (_, i) => to - i * step).reverse();
}

const decadeLabel = (decade: number): string => (decade >= -2 && decade <= 3 ? String(10 ** decade) : `1e${decade}`);
