import { runPass, runRms, runWithin } from '../../tensor/kernel/pass.ts';
import type { PassStats } from '../../tensor/kernel/stats.ts';
import { argmaxAgreement } from './argmax.ts';
import { type Bounds, compareViews, rms, within } from './kernel.ts';
import { compareText } from './kernel-text.ts';
import { compareWide, rmsWide } from './kernel-wide.ts';
import type { BoundsAt, Measured } from './measured.ts';
import { type Moments, newMoments } from './moments.ts';
import type { ElementPair, Operands } from './operands.ts';
import { measurePieces, rmsOfPieces, withinPieces } from './pieces.ts';

/** All measures of one output in one sample: by the compiled kernel where the tensors are large, else by the scalar one. */
export function measure(operands: Operands, shape: readonly number[], boundsAt: BoundsAt): Measured {
  const { elements } = operands;
  if (elements === null) return measureViews(operands, shape, boundsAt);
  const spec = {
    ...elements,
    exact: operands.storage === 'wide',
    columns: operands.kind === 'number' ? (shape.at(-1) ?? 0) : 0,
  };
  // One pass though the bounds need the scale that it measures: what agrees within the tightest bounds agrees within all.
  const tight = tightest(boundsAt);
  const first = runPass({ ...spec, ...tight });
  if (first === null) {
    return 'path' in elements.reference.place || 'path' in elements.candidate.place
      ? measurePieces(elements, operands, spec.columns, boundsAt)
      : measureViews(operands, shape, boundsAt);
  }
  const scale = scaleFrom(first, operands.storage, elements);
  const bounds = boundsAt(scale);
  const settled =
    sameBounds(bounds, tight) ||
    (first.violations === 0 && first.rowsAgreeing === rowsOf(first.elements, spec.columns));
  const stats = settled ? first : (runPass({ ...spec, ...bounds }) as PassStats);
  return { moments: momentsOf(stats, operands, scale, spec.columns), bounds, identical: stats.identical };
}

/** Bounds grow with the scale (tolerance/limits.ts), but a share of a scale of 0 falls back to `auto`. */
function tightest(boundsAt: BoundsAt): Bounds {
  const [none, tiny] = [boundsAt(Number.NaN), boundsAt(Number.MIN_VALUE)];
  return { atol: Math.min(none.atol, tiny.atol), rtol: Math.min(none.rtol, tiny.rtol) };
}

const sameBounds = (a: Bounds, b: Bounds): boolean => a.atol === b.atol && a.rtol === b.rtol;

const rowsOf = (elements: number, columns: number): number => (columns > 1 ? elements / columns : 0);

/** The rms that the pass summed up on its way, unless its squares overflowed, vanished, or were not taken (64-bit integers). */
function scaleFrom(stats: PassStats, storage: Operands['storage'], elements: NonNullable<ElementPair>): number {
  if (stats.finiteReference === 0) return Number.NaN;
  const square = (stats.sumReference + stats.loneSquares) / stats.finiteReference;
  const usable = storage !== 'wide' && square > 1e-280 && square < Number.POSITIVE_INFINITY;
  return usable ? Math.sqrt(square) : (runRms(elements.reference) ?? Number.NaN);
}

function momentsOf(stats: PassStats, operands: Operands, scale: number, columns: number): Moments {
  const { identical: _, loneSquares: __, maxRelAt: ___, rowsAgreeing, ...shared } = stats;
  return { ...newMoments(operands.kind), ...shared, scale, rows: rowsOf(stats.elements, columns), rowsAgreeing };
}

function measureViews(operands: Operands, shape: readonly number[], boundsAt: BoundsAt): Measured {
  const scale = scaleOf(operands);
  const bounds = boundsAt(scale);
  const moments = compareAll(operands, bounds);
  moments.scale = scale;
  if (operands.storage === 'numbers' && operands.kind === 'number') {
    const { rows, agreeing } = argmaxAgreement(operands.reference, operands.candidate, shape, bounds);
    moments.rows = rows;
    moments.rowsAgreeing = agreeing;
  }
  return { moments, bounds, identical: operands.identical };
}

function compareAll(operands: Operands, bounds: Bounds): Moments {
  if (operands.storage === 'numbers')
    return compareViews(operands.reference, operands.candidate, bounds, operands.kind);
  if (operands.storage === 'wide') return compareWide(operands.reference, operands.candidate);
  return compareText(operands.reference, operands.candidate);
}

/** rms of the reference; NaN where it means nothing. */
export function scaleOf(operands: Operands): number {
  if (operands.storage === 'text') return Number.NaN;
  const { elements } = operands;
  const fast = elements === null ? null : runRms(elements.reference);
  if (fast !== null) return fast;
  if (elements !== null && 'path' in elements.reference.place) return rmsOfPieces(elements.reference);
  return operands.storage === 'numbers' ? rms(operands.reference) : rmsWide(operands.reference);
}

/** Whether every element lies within the bounds. */
export function allWithin(operands: Operands & { storage: 'numbers' }, bounds: Bounds): boolean {
  const { elements } = operands;
  const fast = elements === null ? null : runWithin({ ...elements, ...bounds, exact: false, columns: 0 });
  if (fast !== null) return fast;
  if (elements !== null && ('path' in elements.reference.place || 'path' in elements.candidate.place))
    return withinPieces(elements, bounds);
  return within(operands.reference, operands.candidate, bounds);
}
