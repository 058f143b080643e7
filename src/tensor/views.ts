import { BYTES_PER_ELEMENT, type Dtype } from './dtype.ts';
import type { Tensor } from './tensor.ts';

/** What a tensor's bytes look like in memory; float16 and bfloat16 as their bits. */
export type TypedArray =
  | Float64Array
  | Float32Array
  | BigInt64Array
  | BigUint64Array
  | Int32Array
  | Uint32Array
  | Int16Array
  | Uint16Array
  | Int8Array
  | Uint8Array;

export type NumericDtype = Exclude<Dtype, 'string'>;

const CONSTRUCTORS = {
  float64: Float64Array,
  float32: Float32Array,
  float16: Uint16Array,
  bfloat16: Uint16Array,
  int64: BigInt64Array,
  int32: Int32Array,
  int16: Int16Array,
  int8: Int8Array,
  uint64: BigUint64Array,
  uint32: Uint32Array,
  uint16: Uint16Array,
  uint8: Uint8Array,
  bool: Uint8Array,
} as const;

type ViewOf<D extends NumericDtype> = InstanceType<(typeof CONSTRUCTORS)[D]>;

/** A zeroed typed array of `length` elements of `dtype` (bits for the 16-bit floats). */
export function allocate<D extends NumericDtype>(dtype: D, length: number): ViewOf<D> {
  return new CONSTRUCTORS[dtype](length) as ViewOf<D>;
}

/**
 * `bytes` seen as elements of `dtype`. Shares memory where the offset is aligned, copies where it is not,
 * so treat the result as read-only. Little-endian hosts only, as Node's supported platforms but s390x and AIX are.
 */
export function viewBytes<D extends NumericDtype>(dtype: D, bytes: Uint8Array): ViewOf<D> {
  const size = BYTES_PER_ELEMENT[dtype];
  const aligned = bytes.byteOffset % size === 0 ? bytes : bytes.slice();
  return new CONSTRUCTORS[dtype](
    aligned.buffer as ArrayBuffer,
    aligned.byteOffset,
    aligned.byteLength / size,
  ) as ViewOf<D>;
}

/** The elements of a tensor of any dtype but string, as its natural typed array (bits for the 16-bit floats). */
export function viewOf(tensor: Tensor): TypedArray {
  if (tensor.dtype === 'string') throw new TypeError('a string tensor has no typed array; read `strings`');
  return viewBytes(tensor.dtype, tensor.data);
}

/** The raw bytes of a typed array, shared. */
export const bytesOf = (array: TypedArray): Uint8Array =>
  new Uint8Array(array.buffer as ArrayBuffer, array.byteOffset, array.byteLength);
