import { cast, firstLoss } from '../../../tensor/build.ts';
import { type Dtype, isFloat } from '../../../tensor/dtype.ts';
import type { Tensor } from '../../../tensor/tensor.ts';
import { dtypeOfOnnx } from '../summary.ts';

/**
 * A value in the element type of the place that it goes to: floats are rounded to another float type, whole numbers change
 * their type where none is lost, and floats that are whole may become integers. Undefined where it does not fit; as it is
 * where the type is not known.
 */
export function fitted(value: Tensor, elementType: number | undefined): Tensor | undefined {
  const dtype = elementType === undefined ? null : dtypeOfOnnx(elementType);
  if (dtype === null || dtype === value.dtype) return value;
  if (dtype === 'string' || value.dtype === 'string') return undefined;
  if (isFloat(value.dtype) && isFloat(dtype)) return cast(value, dtype);
  return firstLoss(value, dtype as Dtype) === -1 ? cast(value, dtype) : undefined;
}
