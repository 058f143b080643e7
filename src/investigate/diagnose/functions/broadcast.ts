import type { Tensor } from '../../../tensor/tensor.ts';
import { elementCount } from '../../../tensor/tensor.ts';
import { toFloat64 } from '../../../tensor/values.ts';

/** The values of a tensor stretched to a shape, as numpy broadcasts; null where they do not fit. */
export function broadcastTo(tensor: Tensor, shape: readonly number[]): Float64Array | null {
  if (tensor.dtype === 'string' || tensor.shape.length > shape.length) return null;
  const own = [...new Array<number>(shape.length - tensor.shape.length).fill(1), ...tensor.shape];
  if (own.some((d, i) => d !== 1 && d !== shape[i])) return null;
  const values = toFloat64(tensor);
  const count = elementCount(shape);
  if (values.length === count) return values;
  const steps = own.map((d, i) => (d === 1 ? 0 : elementCount(own.slice(i + 1))));
  const sizes = shape.map((_, i) => elementCount(shape.slice(i + 1)));
  const out = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    let from = 0;
    for (let axis = 0; axis < shape.length; axis++)
      from += (Math.floor(i / (sizes[axis] as number)) % (shape[axis] as number)) * (steps[axis] as number);
    out[i] = values[from] as number;
  }
  return out;
}
