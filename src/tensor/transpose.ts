import { BYTES_PER_ELEMENT } from './dtype.ts';
import { elementCount, type Tensor } from './tensor.ts';

/** The same values with their axes in another order: axis `i` of the result is axis `axes[i]` of the tensor, as numpy has it. */
export function transpose(tensor: Tensor, axes: readonly number[]): Tensor {
  const shape = axes.map((axis) => tensor.shape[axis] as number);
  const steps = axes.map((axis) => elementCount(tensor.shape.slice(axis + 1)));
  const size = BYTES_PER_ELEMENT[tensor.dtype];
  const count = elementCount(shape);
  const place = new Array<number>(shape.length).fill(0);
  const data = new Uint8Array(tensor.strings === undefined ? count * size : 0);
  const strings: string[] = [];
  const from = tensor.data;
  let start = 0;
  for (let i = 0; i < count; i++) {
    if (tensor.strings === undefined) {
      for (let b = 0; b < size; b++) data[i * size + b] = from[start * size + b] as number;
    } else strings.push(tensor.strings[start] as string);
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      start += steps[axis] as number;
      place[axis] = (place[axis] as number) + 1;
      if ((place[axis] as number) < (shape[axis] as number)) break;
      start -= (shape[axis] as number) * (steps[axis] as number);
      place[axis] = 0;
    }
  }
  const same = { dtype: tensor.dtype, shape, data };
  return tensor.strings === undefined ? same : { ...same, strings };
}
