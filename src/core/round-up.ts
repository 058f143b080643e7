/** Two significant digits, never below the value: a bound that is written down must hold what was measured. */
export function roundUp(value: number): number {
  if (!(value > 0) || !Number.isFinite(value)) return value;
  const nearest = Number(value.toPrecision(2));
  if (nearest >= value) return nearest;
  const unit = 10 ** (Math.floor(Math.log10(nearest)) - 1);
  return Number((nearest + unit).toPrecision(2));
}
