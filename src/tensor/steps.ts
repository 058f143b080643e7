import { tensorFrom } from './build.ts';
import { isFloat } from './dtype.ts';
import { range, takeRows } from './rows.ts';
import { elementCount, type Tensor } from './tensor.ts';

/** The axis of the steps in a tensor that holds all of them: behind the first, [batch, step, …]. */
export const STEP_AXIS = 1;

/** One step of a tensor that holds all of them, without the axis of the steps. RangeError where it has none. */
export function stepOf(tensor: Tensor, step: number): Tensor {
  const steps = tensor.shape[STEP_AXIS];
  if (steps === undefined || step >= steps)
    throw new RangeError(`no step ${step} in the shape [${tensor.shape.join(', ')}]`);
  const { shape, ...taken } = takeRows(tensor, STEP_AXIS, [step]);
  return { ...taken, shape: [...shape.slice(0, STEP_AXIS), ...shape.slice(STEP_AXIS + 1)] };
}

/** The first `size` indices along an axis. RangeError where it has fewer. */
export function beginning(tensor: Tensor, axis: number, size: number): Tensor {
  const has = tensor.shape[axis] ?? 0;
  if (size > has) throw new RangeError(`axis ${axis} has ${has} of ${size} places`);
  return size === has ? tensor : takeRows(tensor, axis, range(0, size));
}

/**
 * Tensors of one rank and dtype, one for each step, as one: [batch, step, …], a scalar as [1, step]. Smaller ones are filled
 * up to the largest size of each axis with NaN, integers and booleans with 0, text with ''. TypeError for another dtype or rank.
 */
export function stackSteps(steps: readonly Tensor[]): Tensor {
  const [first] = steps;
  if (first === undefined) throw new TypeError('no step to stack');
  const shaped = steps.map((t) => (t.shape.length === 0 ? { ...t, shape: [1] } : t));
  const rank = shaped[0]?.shape.length ?? 1;
  for (const { dtype, shape } of shaped) {
    if (dtype !== first.dtype) throw new TypeError(`its dtype changes from ${first.dtype} to ${dtype}`);
    if (shape.length !== rank) throw new TypeError(`its rank changes from ${rank} to ${shape.length}`);
  }
  const largest = Array.from({ length: rank }, (_, axis) => Math.max(...shaped.map((t) => t.shape[axis] as number)));
  const filled = shaped.map((t) => filledUp(t, largest));
  const rows = largest[0] as number;
  const shape = [rows, steps.length, ...largest.slice(1)];
  const inner = elementCount(largest.slice(1));
  if (first.dtype === 'string') {
    const strings = range(0, rows).flatMap((row) =>
      filled.flatMap((t) => t.strings?.slice(row * inner, (row + 1) * inner) ?? []),
    );
    return { dtype: 'string', shape, data: first.data, strings };
  }
  const width = rows === 0 ? 0 : (filled[0]?.data.byteLength ?? 0) / rows;
  const data = new Uint8Array(width * rows * steps.length);
  filled.forEach((t, step) => {
    for (let row = 0; row < rows; row++)
      data.set(t.data.subarray(row * width, (row + 1) * width), (row * steps.length + step) * width);
  });
  return { dtype: first.dtype, shape, data };
}

/** The tensor in the corner of a larger one. */
function filledUp(tensor: Tensor, shape: readonly number[]): Tensor {
  if (tensor.shape.every((size, axis) => size === shape[axis])) return tensor;
  const { dtype } = tensor;
  const count = elementCount(shape);
  if (dtype === 'string') {
    const strings = new Array<string>(count).fill('');
    place(tensor.shape, shape, (from, to) => {
      strings[to] = tensor.strings?.[from] ?? '';
    });
    return { ...tensor, shape, strings };
  }
  const { data } = tensorFrom(dtype, shape, new Float64Array(count).fill(isFloat(dtype) ? Number.NaN : 0));
  const width = count === 0 ? 0 : data.byteLength / count;
  const source = tensor.data;
  place(tensor.shape, shape, (from, to) => {
    data.set(source.subarray(from * width, (from + 1) * width), to * width);
  });
  return { dtype, shape, data };
}

/** Calls with the flat index of each element of the smaller shape, there and in the larger. */
function place(inner: readonly number[], outer: readonly number[], at: (from: number, to: number) => void): void {
  const count = elementCount(inner);
  for (let from = 0; from < count; from++) {
    let [rest, to, stride] = [from, 0, 1];
    for (let axis = inner.length - 1; axis >= 0; axis--) {
      const size = inner[axis] as number;
      to += (rest % size) * stride;
      rest = Math.floor(rest / size);
      stride *= outer[axis] as number;
    }
    at(from, to);
  }
}
