import { SLICES } from '../../tensor/kernel/assembly/layout.ts';
import { newSlices, runSlices, type SliceMaxima } from '../../tensor/kernel/slices.ts';
import type { NumericView } from './kernel.ts';
import type { Operands } from './operands.ts';

export type { SliceMaxima } from '../../tensor/kernel/slices.ts';

/**
 * max |d|, Σd², max |reference| and Σreference² of each slice of one axis, over elements finite on both sides: a small
 * channel must not hide behind a large one (design 6.4). Null for an axis of more than 4,096 slices, and for text.
 */
export function sliceMaxima(operands: Operands, shape: readonly number[], axis: number): SliceMaxima | null {
  if (operands.storage !== 'numbers' || (shape[axis] ?? 0) > SLICES) return null;
  const { elements } = operands;
  const fast = elements === null ? null : runSlices(elements.reference, elements.candidate, shape, axis);
  return fast ?? sliceViews(operands.reference, operands.candidate, shape, axis);
}

/** The scalar twin of the compiled pass. */
export function sliceViews(
  reference: NumericView,
  candidate: NumericView,
  shape: readonly number[],
  axis: number,
): SliceMaxima {
  const size = shape[axis] ?? 0;
  const inner = shape.slice(axis + 1).reduce((n, d) => n * d, 1);
  const result = newSlices(size);
  const { maxAbs, sumSquares, maxReference, sumReference } = result;
  for (let i = 0; i < reference.length; i++) {
    const r = reference[i] as number;
    const d = Math.abs((candidate[i] as number) - r);
    if (!(d < Number.POSITIVE_INFINITY)) continue;
    const s = Math.floor(i / inner) % size;
    maxAbs[s] = Math.max(maxAbs[s] as number, d);
    sumSquares[s] = (sumSquares[s] as number) + d * d;
    maxReference[s] = Math.max(maxReference[s] as number, Math.abs(r));
    sumReference[s] = (sumReference[s] as number) + r * r;
  }
  return result;
}
