/** As IEEE 754 and numpy's rint. */
export function halfEven(x: number): number {
  const floor = Math.floor(x);
  const rest = x - floor;
  if (rest !== 0.5) return rest < 0.5 ? floor : floor + 1;
  return floor % 2 === 0 ? floor : floor + 1;
}

/** As C's round. */
export const halfAway = (x: number): number => Math.sign(x) * Math.floor(Math.abs(x) + 0.5);

export const halfUp = (x: number): number => Math.floor(x + 0.5);
