/**
 * The element types that tensors can have, named as numpy and ONNX name them.
 * Every other dtype name (safetensors' `F32`, Open Inference Protocol's `FP32`, npy's `<f4`) is translated at its own border.
 */
export const DTYPES = [
  'float64',
  'float32',
  'float16',
  'bfloat16',
  'int64',
  'int32',
  'int16',
  'int8',
  'uint64',
  'uint32',
  'uint16',
  'uint8',
  'bool',
  'string',
] as const;

export type Dtype = (typeof DTYPES)[number];

/** Bytes one element takes; 0 for strings, which have no fixed size. */
export const BYTES_PER_ELEMENT: Readonly<Record<Dtype, number>> = {
  float64: 8,
  float32: 4,
  float16: 2,
  bfloat16: 2,
  int64: 8,
  int32: 4,
  int16: 2,
  int8: 1,
  uint64: 8,
  uint32: 4,
  uint16: 2,
  uint8: 1,
  bool: 1,
  string: 0,
};

export const isFloat = (dtype: Dtype): boolean =>
  dtype === 'float64' || dtype === 'float32' || dtype === 'float16' || dtype === 'bfloat16';

export const isInteger = (dtype: Dtype): boolean => /^u?int/.test(dtype);

export const isDtype = (name: string): name is Dtype => (DTYPES as readonly string[]).includes(name);
