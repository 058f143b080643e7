import { isFloat } from '../../tensor/dtype.ts';
import { openTensorFile } from '../../tensor/stored.ts';
import { elementCount, type NamedTensors, type Tensor } from '../../tensor/tensor.ts';
import { type Agrees, distanceOf, isIdentical } from './agreement.ts';

/** One sample of several rows, and what the model answered to each of them alone. */
export interface RowCheck {
  readonly sample: string;
  /** Absolute path of the outputs of all rows together. */
  readonly whole: string;
  /** Absolute paths, by row; null where the row alone failed. */
  readonly alone: readonly (string | null)[];
}

/** A row whose answer depends on the others of its batch. */
export interface MixedRow {
  readonly sample: string;
  readonly output: string;
  readonly row: number;
  readonly maxAbs: number | null;
  readonly scale: number | null;
}

/**
 * The first row of each output that comes out otherwise alone than in its batch, beyond rounding. Null: nothing is known,
 * because an output has no row for each row of the input (a loss, a sequence without a batch), or a row alone fails.
 */
export function mixedRows({ sample, whole, alone }: RowCheck, agrees: Agrees): MixedRow[] | null {
  const batch = openTensorFile(whole, { verify: false });
  const single = alone.flatMap((path) => (path === null ? [] : [openTensorFile(path, { verify: false })]));
  if (single.length < alone.length || !hasRows(batch, single)) return null;
  const found = new Map<string, MixedRow>();
  const hasScores = [...batch.values()].some(({ dtype }) => isFloat(dtype));
  for (const [row, answer] of single.entries()) {
    const moved = [...batch].flatMap(([output, tensor]) => {
      const [first, second] = [rowOf(tensor, row), answer.get(output) as Tensor];
      return isIdentical(first, second) || agrees(output, sample, first, second) ? [] : [{ output, first, second }];
    });
    // A label that flips where all scores stayed is a tie, not another answer.
    if (hasScores && moved.every(({ first }) => !isFloat(first.dtype))) continue;
    for (const { output, first, second } of moved)
      if (!found.has(output)) found.set(output, { sample, output, row, ...distanceOf(first, second) });
  }
  return [...found.values()];
}

/** Whether every output has as many rows as there are, and one where a row was alone, of the same size. */
const hasRows = (batch: NamedTensors, single: readonly NamedTensors[]): boolean =>
  single.length > 1 &&
  [...batch].every(
    ([name, { shape }]) =>
      shape[0] === single.length &&
      single.every((answer) => {
        const own = answer.get(name)?.shape;
        return own?.[0] === 1 && own.length === shape.length && own.every((d, i) => i === 0 || d === shape[i]);
      }),
  );

/** One row of the leading axis, as a tensor of one row. */
function rowOf({ dtype, shape, data, strings }: Tensor, row: number): Tensor {
  const elements = elementCount(shape.slice(1));
  const bytes = data.byteLength / (shape[0] as number);
  return {
    dtype,
    shape: [1, ...shape.slice(1)],
    data: data.subarray(row * bytes, (row + 1) * bytes),
    ...(strings === undefined ? {} : { strings: strings.slice(row * elements, (row + 1) * elements) }),
  };
}
