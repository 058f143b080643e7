import { isFloat } from '../../tensor/dtype.ts';
import { elementCount, type Tensor } from '../../tensor/tensor.ts';
import { reader, toFloat64 } from '../../tensor/values.ts';
import { sameShape } from '../values/shapes.ts';
import { Unjudgeable } from './gate.ts';
import type { Rows } from './rows.ts';
import { bestOf } from './scores.ts';

/** A class as labels and predictions name it: its index, or its text. */
export type ClassName = number | string;

/** The class of each row, as the labels have it. `scores` is the shape that the predictions were taken from, with its rows. */
export function labelClasses(
  labels: Tensor,
  name: string,
  rows: Rows,
  scores: readonly number[],
): readonly ClassName[] | Unjudgeable {
  const { dtype, shape } = labels;
  const wanted = `class indices of shape [${rows.shape.join(', ')}]`;
  if (elementCount(shape) === rows.count && withoutOnes(shape) === withoutOnes(rows.shape)) {
    if (dtype === 'string') return labels.strings ?? [];
    const read = reader(labels);
    const classes = Array.from({ length: rows.count }, (_, i) => Number(read(i)));
    const odd = isFloat(dtype) ? classes.find((value) => !Number.isInteger(value)) : undefined;
    return odd === undefined
      ? classes
      : new Unjudgeable(
          `labels \`${name}\` hold ${odd}, which is no class: accuracy counts classes; give a regression \`{ atol, rtol }\` or \`{ relative: … }\``,
        );
  }
  if (dtype !== 'string' && sameShape(shape, scores)) return oneHot(labels, name, rows);
  return new Unjudgeable(
    `labels \`${name}\` have the shape [${shape.join(', ')}]; ${wanted}, or one-hot rows of shape [${scores.join(', ')}], would fit`,
  );
}

/** [n, 1] labels are those of n rows. */
const withoutOnes = (shape: readonly number[]): string => shape.filter((size) => size !== 1).join();

function oneHot(labels: Tensor, name: string, rows: Rows): readonly ClassName[] | Unjudgeable {
  const values = toFloat64(labels);
  const classes: number[] = [];
  for (let row = 0; row < rows.count; row++) {
    const start = rows.start(row);
    const best = bestOf(values, start, rows.step, rows.columns);
    let sum = 0;
    for (let j = 0; j < rows.columns; j++) sum += Math.abs(values[start + j * rows.step] as number);
    if (values[start + best * rows.step] !== 1 || sum !== 1)
      return new Unjudgeable(
        `row [${rows.indexOf(row).join(', ')}] of labels \`${name}\` is not one-hot (one 1, all else 0); give class indices`,
      );
    classes.push(best);
  }
  return classes;
}
