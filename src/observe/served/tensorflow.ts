import type { IoContract, TensorSpec } from '../../records/contract.ts';
import type { Dtype } from '../../tensor/dtype.ts';
import { servedError } from './errors.ts';
import { isList, isObject, type Json, JsonNumber } from './json-text.ts';

/** tensorflow.DataType (types.proto) to our dtypes. */
const DTYPES: Readonly<Record<string, Dtype>> = {
  DT_DOUBLE: 'float64',
  DT_FLOAT: 'float32',
  DT_HALF: 'float16',
  DT_BFLOAT16: 'bfloat16',
  DT_INT64: 'int64',
  DT_INT32: 'int32',
  DT_INT16: 'int16',
  DT_INT8: 'int8',
  DT_UINT64: 'uint64',
  DT_UINT32: 'uint32',
  DT_UINT16: 'uint16',
  DT_UINT8: 'uint8',
  DT_BOOL: 'bool',
  DT_STRING: 'string',
};

/** The signature that TensorFlow Serving calls unless another is named. */
export const DEFAULT_SIGNATURE = 'serving_default';

/**
 * Inputs and outputs of a signature in the answer of `/metadata`. They are a map there, so their order is that of their
 * names. OnparError `signature-unknown` lists those that the model has.
 */
export function contractOf(url: string, metadata: Json, signature: string): IoContract {
  const outer = isObject(metadata) && isObject(metadata.metadata) ? metadata.metadata.signature_def : undefined;
  const all = isObject(outer) && isObject(outer.signature_def) ? outer.signature_def : null;
  if (all === null)
    throw servedError('served-garbage', `${url}: answers no signatures`, 'is it the protocol of this address?');
  const found = all[signature];
  // Its initialiser is listed among the signatures, but cannot be called.
  const names = Object.keys(all).filter((name) => !name.startsWith('__'));
  if (!isObject(found)) {
    throw servedError(
      'signature-unknown',
      `${url}: the model has no signature \`${signature}\``,
      `it has ${names.join(', ')}: options: { signature: … }`,
    );
  }
  const specs = (side: Json | undefined): TensorSpec[] =>
    isObject(side)
      ? Object.keys(side)
          .sort()
          .map((name) => specOf(name, side[name]))
      : [];
  return { inputs: specs(found.inputs), outputs: specs(found.outputs), names: 'declared' };
}

function specOf(name: string, info: Json | undefined): TensorSpec {
  const { dtype, tensor_shape: shape } = isObject(info) ? info : {};
  const known = isObject(shape) && shape.unknown_rank !== true;
  const dims = known && isList(shape.dim) ? shape.dim : [];
  return {
    name,
    dtype: DTYPES[String(dtype)] ?? null,
    shape: known ? dims.map((dim) => sizeOf(isObject(dim) ? dim.size : undefined)) : null,
  };
}

/** protobuf's JSON writes int64 as text. */
function sizeOf(size: Json | undefined): number | null {
  const value = Number(size instanceof JsonNumber ? size.text : (size ?? '-1'));
  return value >= 0 ? value : null;
}
