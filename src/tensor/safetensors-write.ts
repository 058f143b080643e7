import { BYTES_PER_ELEMENT } from './dtype.ts';
import { joinStrings } from './safetensors-strings.ts';
import { elementCount, type NamedTensors, type Tensor } from './tensor.ts';

const DTYPE_NAMES = {
  float64: 'F64',
  float32: 'F32',
  float16: 'F16',
  bfloat16: 'BF16',
  int64: 'I64',
  int32: 'I32',
  int16: 'I16',
  int8: 'I8',
  uint64: 'U64',
  uint32: 'U32',
  uint16: 'U16',
  uint8: 'U8',
  bool: 'BOOL',
  string: 'U8',
} as const;

/**
 * The bytes of a safetensors file. The same tensors and metadata always give the same bytes. The order of the map is
 * kept in `onpar.order`, strings as docs/worker-protocol.md has it. RangeError when a tensor's bytes do not fit its shape.
 */
export function serializeSafetensors(
  tensors: NamedTensors,
  metadata: ReadonlyMap<string, string> = new Map(),
): Uint8Array {
  const parts = [...tensors].map(([name, tensor]) => ({ name, tensor, bytes: storedBytes(name, tensor) }));
  const meta = new Map(metadata).set('onpar.order', JSON.stringify([...tensors.keys()]));
  const strings = parts.filter(({ tensor }) => tensor.dtype === 'string');
  if (strings.length > 0)
    meta.set('onpar.strings', jsonObject(strings.map(({ name, tensor }) => [name, tensor.shape])));

  // Widest elements first, as the reference implementation does: with a padded header every tensor is then aligned.
  parts.sort((a, b) => width(b.tensor) - width(a.tensor));
  const fields: [string, unknown][] = [['__metadata__', Object.fromEntries(meta)]];
  let end = 0;
  for (const { name, tensor, bytes } of parts) {
    const begin = end;
    end += bytes.byteLength;
    const shape = tensor.dtype === 'string' ? [bytes.byteLength] : tensor.shape;
    fields.push([name, { dtype: DTYPE_NAMES[tensor.dtype], shape, data_offsets: [begin, end] }]);
  }
  return assemble(
    jsonObject(fields),
    parts.map(({ bytes }) => bytes),
    end,
  );
}

function assemble(header: string, parts: readonly Uint8Array[], dataSize: number): Uint8Array {
  const json = new TextEncoder().encode(header);
  const start = 8 + Math.ceil(json.byteLength / 8) * 8;
  const file = new Uint8Array(start + dataSize);
  new DataView(file.buffer).setBigUint64(0, BigInt(start - 8), true);
  file.fill(0x20, 8, start);
  file.set(json, 8);
  let offset = start;
  for (const part of parts) {
    file.set(part, offset);
    offset += part.byteLength;
  }
  return file;
}

const width = ({ dtype }: Tensor): number => BYTES_PER_ELEMENT[dtype] || 1;

function storedBytes(name: string, tensor: Tensor): Uint8Array {
  if (name === '__metadata__') throw new RangeError('a tensor cannot be called __metadata__');
  if (tensor.dtype === 'string') return joinStrings(name, tensor);
  const { shape, data } = tensor;
  const expected = elementCount(shape) * BYTES_PER_ELEMENT[tensor.dtype];
  if (data.byteLength === expected) return data;
  throw new RangeError(
    `tensor ${name} has ${data.byteLength} bytes, its shape [${shape.join(', ')}] takes ${expected}`,
  );
}

/** JSON with the entries in the order given: a JavaScript object would move names such as "10" to the front. */
const jsonObject = (entries: readonly (readonly [string, unknown])[]): string =>
  `{${entries.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`).join(',')}}`;
