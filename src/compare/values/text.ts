/** `37.5 %`; three digits, and never `0 %` for something nor `100 %` for less than all. */
export function percent(fraction: number): string {
  const rounded = Number((fraction * 100).toPrecision(3));
  return rounded === 100 && fraction < 1 ? '>99.9 %' : `${rounded} %`;
}
