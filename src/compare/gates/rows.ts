import { elementCount } from '../../tensor/tensor.ts';
import { unravel } from '../values/operands.ts';
import { Unjudgeable } from './gate.ts';

/** The rows of a tensor along one axis: element j of row i lies at `start(i) + j · step`. */
export interface Rows {
  readonly count: number;
  readonly columns: number;
  readonly step: number;
  readonly start: (row: number) => number;
  /** The sizes of all other axes. */
  readonly shape: readonly number[];
  /** Indices of a row on the other axes. */
  readonly indexOf: (row: number) => number[];
}

/** Splits a shape into rows along `axis` (negative counts from the end). */
export function rowsAlong(shape: readonly number[], axis: number): Rows | Unjudgeable {
  const at = axis < 0 ? axis + shape.length : axis;
  const columns = shape[at];
  if (columns === undefined)
    return new Unjudgeable(`its shape [${shape.join(', ')}] has no axis ${axis}; set \`axis:\` to one that it has`);
  const step = elementCount(shape.slice(at + 1));
  const rest = shape.filter((_, i) => i !== at);
  return {
    count: elementCount(rest),
    columns,
    step,
    start: (row) => Math.floor(row / step) * columns * step + (row % step),
    shape: rest,
    indexOf: (row) => unravel(row, rest),
  };
}
