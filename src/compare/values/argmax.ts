import type { Bounds, NumericView } from './kernel.ts';

/** How many rows over the last axis have their largest value at the same place. */
export interface RowAgreement {
  readonly rows: number;
  readonly agreeing: number;
}

const NONE: RowAgreement = { rows: 0, agreeing: 0 };

/**
 * Two places of a row that hold equal scores within the tolerance are a tie: which of them comes first is chance,
 * so it counts as agreement. Nothing is counted for tensors of rank 0 and for rows of one column.
 */
export function argmaxAgreement(
  reference: NumericView,
  candidate: NumericView,
  shape: readonly number[],
  bounds: Bounds,
): RowAgreement {
  const columns = shape.at(-1) ?? 0;
  if (columns < 2 || reference.length === 0) return NONE;
  const rows = reference.length / columns;
  let agreeing = 0;
  for (let row = 0; row < rows; row++) {
    const start = row * columns;
    const r = argmax(reference, start, columns);
    const c = argmax(candidate, start, columns);
    if (r === c || tied(reference[r] as number, reference[c] as number, bounds)) agreeing++;
  }
  return { rows, agreeing };
}

/** The first NaN, as numpy has it, else the first largest. */
export function argmax(view: NumericView, start: number, columns: number): number {
  let best = start;
  for (let i = start; i < start + columns; i++) {
    const value = view[i] as number;
    if (Number.isNaN(value)) return i;
    if (value > (view[best] as number)) best = i;
  }
  return best;
}

/** Whether two scores are the same within a tolerance. NaN ties with nothing. */
export const tied = (a: number, b: number, { atol, rtol }: Bounds): boolean =>
  a === b || Math.abs(a - b) <= atol + rtol * Math.max(Math.abs(a), Math.abs(b));
