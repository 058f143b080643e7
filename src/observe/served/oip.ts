import type { Dim, TensorSpec } from '../../records/contract.ts';
import type { Dtype } from '../../tensor/dtype.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { servedError } from './errors.ts';

/** Datatypes of the Open Inference Protocol v2 ("Tensor Data Types" of its specification; BF16 is Triton's). */
const DATATYPES: Readonly<Record<Dtype, string>> = {
  bool: 'BOOL',
  uint8: 'UINT8',
  uint16: 'UINT16',
  uint32: 'UINT32',
  uint64: 'UINT64',
  int8: 'INT8',
  int16: 'INT16',
  int32: 'INT32',
  int64: 'INT64',
  float16: 'FP16',
  bfloat16: 'BF16',
  float32: 'FP32',
  float64: 'FP64',
  string: 'BYTES',
};
const DTYPES: ReadonlyMap<string, Dtype> = new Map(
  Object.entries(DATATYPES).map(([dtype, datatype]) => [datatype, dtype as Dtype]),
);

export const datatypeOf = (dtype: Dtype): string => DATATYPES[dtype];

/** OnparError `served-garbage` for a datatype that the protocol does not have. */
export function dtypeOf(name: string, datatype: string): Dtype {
  const dtype = DTYPES.get(datatype);
  if (dtype !== undefined) return dtype;
  throw servedError(
    'served-garbage',
    `tensor ${name} has the datatype ${JSON.stringify(datatype)}, which the Open Inference Protocol does not have`,
    `it has ${[...DTYPES.keys()].join(', ')}`,
  );
}

/** A tensor of the model's metadata; a negative size is a dynamic one. */
export const specOf = (name: string, datatype: string, shape: readonly number[]): TensorSpec => ({
  name,
  dtype: dtypeOf(name, datatype),
  shape: shape.map((size): Dim => (size < 0 ? null : size)),
});

/** Raw bytes of the binary extension and of gRPC: little-endian elements; strings with their length before each (4 bytes). */
export function toRaw({ dtype, data, strings = [] }: Tensor): Uint8Array {
  if (dtype !== 'string') return data;
  return Buffer.concat(
    strings.flatMap((text) => {
      const bytes = Buffer.from(text, 'utf8');
      const length = Buffer.alloc(4);
      length.writeUInt32LE(bytes.byteLength);
      return [length, bytes];
    }),
  );
}

/** The other direction; OnparError `served-garbage` where the bytes do not fill the shape. */
export function fromRaw(name: string, dtype: Dtype, shape: readonly number[], raw: Uint8Array, size: number): Tensor {
  const count = shape.reduce((n, d) => n * d, 1);
  if (dtype === 'string') return { dtype, shape, data: new Uint8Array(0), strings: splitRaw(name, raw, count) };
  if (raw.byteLength === count * size) return { dtype, shape, data: new Uint8Array(raw) };
  throw servedError(
    'served-garbage',
    `output ${name} has ${raw.byteLength} bytes; ${dtype} of shape [${shape.join(', ')}] takes ${count * size}`,
  );
}

function splitRaw(name: string, raw: Uint8Array, count: number): string[] {
  const buffer = Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength);
  const strings: string[] = [];
  let at = 0;
  while (at + 4 <= buffer.byteLength) {
    const end = at + 4 + buffer.readUInt32LE(at);
    if (end > buffer.byteLength) break;
    strings.push(utf8(name, buffer.subarray(at + 4, end)));
    at = end;
  }
  if (at === buffer.byteLength && strings.length === count) return strings;
  throw servedError('served-garbage', `output ${name}: its bytes are not ${count} strings with their lengths`);
}

/** Text of a BYTES element. OnparError `served-value-lost` for bytes that are no text: onpar compares texts. */
export function utf8(name: string, bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw servedError(
      'served-value-lost',
      `output ${name} holds bytes that are no UTF-8 text, which onpar does not compare`,
      'give numbers (UINT8) instead of BYTES out of the model',
    );
  }
}
