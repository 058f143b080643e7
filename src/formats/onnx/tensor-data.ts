import { dirname, join } from 'node:path';
import { OnparError } from '../../core/errors.ts';
import { bytesSource, type Source, withFile } from '../../tensor/bytes.ts';
import { BYTES_PER_ELEMENT, type Dtype } from '../../tensor/dtype.ts';
import type { FloatDtype } from '../../tensor/move.ts';
import { toFloat64 } from '../../tensor/values.ts';
import { bytesOf, viewBytes } from '../../tensor/views.ts';
import { checkedLocation } from './external-data.ts';
import { type TensorProto, TensorProto_DataType as Type } from './onnx_pb.generated.ts';
import { dtypeOfOnnx } from './summary.ts';

/** Elements of a tensor by its shape; 1 for a scalar. */
export const elementsOf = ({ dims }: Pick<TensorProto, 'dims'>): number => dims.reduce((n, d) => n * Number(d), 1);

/** The float dtype of a tensor; null for every other. */
export function floatDtypeOf({ dataType }: Pick<TensorProto, 'dataType'>): FloatDtype | null {
  const dtype = dtypeOfOnnx(dataType);
  return dtype === 'float32' || dtype === 'float64' || dtype === 'float16' || dtype === 'bfloat16' ? dtype : null;
}

/** onpar's name of an element type; ONNX's in small letters for those that onpar's tensors do not have (`int4`). */
export function elementTypeName(type: number): string {
  const known = dtypeOfOnnx(type);
  if (known !== null) return known;
  return (Object.entries(Type).find(([, number]) => number === type)?.[0] ?? `type ${type}`).toLowerCase();
}

/** Where a tensor lies in a file beside its model. */
export interface ExternalPlace {
  /** Relative to the model's folder, with `/`. */
  readonly location: string;
  readonly offset: number;
  /** Bytes; null: to the end of the file. */
  readonly length: number | null;
}

/** The place of a tensor in another file; null for one inside the model. Errors as `externalDataFiles`. */
export function externalPlaceOf(tensor: TensorProto, file: string): ExternalPlace | null {
  if (tensor.dataLocation !== 1) return null;
  const entries = new Map(tensor.externalData.map(({ key, value }) => [key, value]));
  const whole = (key: string): number | null => {
    const text = entries.get(key);
    if (text === undefined) return null;
    const number = Number(text);
    if (Number.isSafeInteger(number) && number >= 0) return number;
    throw damaged(file, tensor, `its external ${key} is ${JSON.stringify(text)}, which is no number of bytes`);
  };
  return {
    location: checkedLocation(entries.get('location') ?? '', file),
    offset: whole('offset') ?? 0,
    length: whole('length'),
  };
}

/**
 * Runs `use` on the little-endian bytes of a tensor, wherever they are kept; those of another file are read as they are
 * asked for. `file` is the model's path. Numbers of fewer than 8 bits and strings have no such bytes: RangeError.
 * OnparError `model-load-failed` when the data does not fit the shape, `file-missing` for a file that is not there.
 */
export function withTensorBytes<T>(tensor: TensorProto, file: string, use: (source: Source, size: number) => T): T {
  const dtype = dtypeOfOnnx(tensor.dataType);
  if (dtype === null || dtype === 'string') throw new RangeError(`no bytes for element type ${tensor.dataType}`);
  const size = elementsOf(tensor) * BYTES_PER_ELEMENT[dtype];
  const place = externalPlaceOf(tensor, file);
  if (place === null) {
    const bytes = inlineBytes(tensor, dtype);
    if (bytes.byteLength !== size) throw damaged(file, tensor, `it holds ${bytes.byteLength} bytes`, size);
    return use(bytesSource(bytes), size);
  }
  const { location, offset, length } = place;
  return withFile(join(dirname(file), location), (source, available) => {
    const stored = length ?? available - offset;
    if (stored !== size || offset + size > available)
      throw damaged(file, tensor, `${location} has ${Math.min(stored, available - offset)} bytes of it`, size);
    return use((at, n) => source(offset + at, n), size);
  });
}

/** Bytes read at once: large enough to be fast, small enough that hundreds of megabytes never lie in memory. */
const PIECE_BYTES = 4 * 1024 ** 2;

/** `source` in pieces, whole elements each; `use` gets a piece and its byte offset, and ends it by giving false. */
export function inPieces(source: Source, size: number, use: (piece: Uint8Array, offset: number) => boolean): void {
  for (let at = 0; at < size; at += PIECE_BYTES) {
    if (!use(source(at, Math.min(PIECE_BYTES, size - at)), at)) return;
  }
}

/** Bytes of a tensor inside the model: those of `raw_data`, else of the list that its type has (onnx.proto, TensorProto). */
function inlineBytes(tensor: TensorProto, dtype: Exclude<Dtype, 'string'>): Uint8Array {
  if (tensor.rawData.byteLength > 0) return tensor.rawData;
  const { floatData, doubleData, int32Data, int64Data, uint64Data } = tensor;
  switch (dtype) {
    case 'float32':
      return bytesOf(Float32Array.from(floatData));
    case 'float64':
      return bytesOf(Float64Array.from(doubleData));
    case 'int64':
      return bytesOf(BigInt64Array.from(int64Data));
    case 'uint64':
      return bytesOf(BigUint64Array.from(uint64Data));
    case 'uint32':
      return bytesOf(Uint32Array.from(uint64Data, Number));
    case 'int32':
      return bytesOf(Int32Array.from(int32Data));
    case 'float16':
    case 'bfloat16':
    case 'uint16':
    case 'int16':
      return bytesOf(Uint16Array.from(int32Data));
    default:
      return bytesOf(Uint8Array.from(int32Data));
  }
}

/** The elements of a tensor as numbers; null for types that `withTensorBytes` does not read, 4-bit integers excepted. */
export function numbersIn(tensor: TensorProto, file: string): ArrayLike<number> | null {
  const { dataType } = tensor;
  if (dataType === Type.INT4 || dataType === Type.UINT4) return nibbles(tensor, dataType === Type.INT4);
  const dtype = dtypeOfOnnx(dataType);
  if (dtype === null || dtype === 'string') return null;
  return withTensorBytes(tensor, file, (source, size) => toNumbers(dtype, source(0, size)));
}

/** A view where the elements are numbers already: decoding integer weights would take eight times their size. */
function toNumbers(dtype: Exclude<Dtype, 'string'>, data: Uint8Array): ArrayLike<number> {
  if (dtype === 'float16' || dtype === 'bfloat16' || dtype === 'int64' || dtype === 'uint64')
    return toFloat64({ dtype, shape: [], data });
  return viewBytes(dtype, data);
}

/** Two to a byte, the first in the low half (onnx.proto, TensorProto.int32_data). */
function nibbles(tensor: TensorProto, signed: boolean): Float64Array | null {
  if (tensor.dataLocation === 1) return null;
  const bytes = tensor.rawData.byteLength > 0 ? tensor.rawData : tensor.int32Data;
  return Float64Array.from({ length: elementsOf(tensor) }, (_, i) => {
    const four = ((bytes[i >> 1] ?? 0) >> (i % 2 === 0 ? 0 : 4)) & 15;
    return signed && four > 7 ? four - 16 : four;
  });
}

function damaged(file: string, tensor: TensorProto, what: string, size?: number): OnparError {
  const needed = size === undefined ? '' : `, its type and shape [${tensor.dims.join(', ')}] take ${size}`;
  return new OnparError({
    code: 'model-load-failed',
    message: `${file}: tensor ${JSON.stringify(tensor.name)} is damaged: ${what}${needed}`,
    fix: 'export or download it again, with the files beside it',
  });
}
