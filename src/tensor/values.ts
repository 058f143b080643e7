import { fromBfloat16Bits, fromFloat16Bits } from './half.ts';
import type { Tensor } from './tensor.ts';
import { viewBytes, viewOf } from './views.ts';

/** One element: bigint for int64 and uint64, 0 or 1 for bool, the text of a string, else a number. */
export type Value = number | bigint | string;

/** A function from flat index to element, exact for every dtype. Made once a tensor, so that loops stay cheap. */
export function reader(tensor: Tensor): (index: number) => Value {
  if (tensor.dtype === 'string') {
    const { strings = [] } = tensor;
    return (i) => strings[i] ?? outside(i, strings.length);
  }
  const view = viewOf(tensor);
  const bits = (i: number) => Number(view[i] ?? outside(i, view.length));
  if (tensor.dtype === 'float16') return (i) => fromFloat16Bits(bits(i));
  if (tensor.dtype === 'bfloat16') return (i) => fromBfloat16Bits(bits(i));
  return (i) => view[i] ?? outside(i, view.length);
}

/** As `reader`, for dtypes other than string; TypeError for strings. */
export function numericReader(tensor: Tensor): (index: number) => number | bigint {
  if (tensor.dtype === 'string') throw new TypeError('strings are not numbers');
  return reader(tensor) as (index: number) => number | bigint;
}

/** The element at flat index `index`. RangeError outside the tensor. */
export const valueAt = (tensor: Tensor, index: number): Value => reader(tensor)(index);

function outside(index: number, length: number): never {
  throw new RangeError(`index ${index} lies outside a tensor of ${length} elements`);
}

/**
 * All elements as doubles: exact for every dtype but int64 and uint64, which lose precision beyond 2^53.
 * A float64 tensor is shared where its bytes are aligned. TypeError for strings.
 */
export function toFloat64(tensor: Tensor): Float64Array {
  const { dtype, data } = tensor;
  switch (dtype) {
    case 'string':
      throw new TypeError('strings are not numbers');
    case 'float64':
      return viewBytes('float64', data);
    case 'float16':
      return mapped(viewBytes('float16', data), fromFloat16Bits);
    case 'bfloat16':
      return mapped(viewBytes('bfloat16', data), fromBfloat16Bits);
    case 'int64':
      return mapped(viewBytes('int64', data), Number);
    case 'uint64':
      return mapped(viewBytes('uint64', data), Number);
    default:
      return Float64Array.from(viewBytes(dtype, data));
  }
}

/** A plain loop: TypedArray.from with a function is several times slower. */
function mapped<T>(items: { readonly [index: number]: T; readonly length: number }, convert: (item: T) => number) {
  const result = new Float64Array(items.length);
  for (let i = 0; i < result.length; i++) result[i] = convert(items[i] as T);
  return result;
}
