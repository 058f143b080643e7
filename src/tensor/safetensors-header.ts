import { OnparError } from '../core/errors.ts';
import { BYTES_PER_ELEMENT, type Dtype } from './dtype.ts';
import { topLevelKeys } from './json-keys.ts';
import { elementCount } from './tensor.ts';

export interface TensorEntry {
  readonly name: string;
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  /** Byte range, counted from `dataStart`. */
  readonly begin: number;
  readonly end: number;
}

export interface SafetensorsHeader {
  /** In the order of `onpar.order`, else of the header. */
  readonly tensors: ReadonlyMap<string, TensorEntry>;
  /** `__metadata__`, with onpar's own entries. */
  readonly metadata: ReadonlyMap<string, string>;
  readonly dataStart: number;
}

const DTYPES: Readonly<Record<string, Dtype>> = {
  F64: 'float64',
  F32: 'float32',
  F16: 'float16',
  BF16: 'bfloat16',
  I64: 'int64',
  I32: 'int32',
  I16: 'int16',
  I8: 'int8',
  U64: 'uint64',
  U32: 'uint32',
  U16: 'uint16',
  U8: 'uint8',
  BOOL: 'bool',
};

/** The reference implementation's own limit (safetensors/src/tensor.rs, MAX_HEADER_SIZE). */
const MAX_HEADER_BYTES = 100_000_000;

/**
 * Reads and checks a header: https://github.com/huggingface/safetensors#format, as strict as the reference
 * implementation and against duplicate names too. OnparError `tensor-file-invalid` names the file and what breaks the format.
 */
export function parseHeader(
  source: (offset: number, length: number) => Uint8Array,
  size: number,
  file: string,
): SafetensorsHeader {
  const bad = (what: string, cause?: unknown): never => {
    throw new OnparError({
      code: 'tensor-file-invalid',
      message: `${file} is not a valid safetensors file: ${what}`,
      cause,
    });
  };
  if (size < 8) return bad(`it has ${size} bytes, too few for the header's length`);
  const prefix = source(0, 8);
  const length = Number(new DataView(prefix.buffer, prefix.byteOffset, 8).getBigUint64(0, true));
  if (length > MAX_HEADER_BYTES) return bad(`it declares a header of ${length} bytes, more than ${MAX_HEADER_BYTES}`);
  if (length > size - 8) return bad(`it declares a header of ${length} bytes, but only ${size - 8} follow: truncated?`);
  let text = '';
  let fields: unknown;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(source(8, length));
    fields = JSON.parse(text);
  } catch (cause) {
    return bad(`its header is not JSON (${(cause as Error).message})`, cause);
  }
  if (!isObject(fields) || !text.startsWith('{')) return bad('its header is not a JSON object');
  const keys = topLevelKeys(text);
  const seen = new Set<string>();
  const duplicate = keys.find((key) => seen.size === seen.add(key).size);
  if (duplicate !== undefined) return bad(`tensor "${duplicate}" occurs twice`);

  const metadata = readMetadata(fields.__metadata__, bad);
  const names = keys.filter((key) => key !== '__metadata__');
  const entries = new Map(names.map((name) => [name, readEntry(name, (fields as Fields)[name], bad)]));
  checkLayout([...entries.values()], size - 8 - length, bad);

  for (const [name, shape] of Object.entries(readJson(metadata, 'onpar.strings', bad) ?? {})) {
    const entry = entries.get(name) ?? bad(`onpar.strings names "${name}", which is no tensor`);
    if (entry.dtype !== 'uint8' || !isShape(shape)) bad(`onpar.strings is wrong about tensor "${name}"`);
    entries.set(name, { ...entry, dtype: 'string', shape: shape as number[] });
  }
  return { tensors: inOrder(entries, readJson(metadata, 'onpar.order', bad), bad), metadata, dataStart: 8 + length };
}

type Bad = (what: string, cause?: unknown) => never;
type Fields = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isShape = (value: unknown): value is number[] =>
  Array.isArray(value) && value.every((d) => Number.isSafeInteger(d) && d >= 0);

function readEntry(name: string, field: unknown, bad: Bad): TensorEntry {
  if (!isObject(field)) return bad(`the entry of tensor "${name}" is not an object`);
  const { dtype: stored, shape, data_offsets: offsets } = field;
  const dtype = typeof stored === 'string' && Object.hasOwn(DTYPES, stored) ? DTYPES[stored] : undefined;
  if (dtype === undefined) {
    return bad(`tensor "${name}" has dtype ${JSON.stringify(stored)}; known are ${Object.keys(DTYPES).join(', ')}`);
  }
  if (!isShape(shape)) return bad(`tensor "${name}" has shape ${JSON.stringify(shape)}`);
  if (!isShape(offsets) || offsets.length !== 2)
    return bad(`tensor "${name}" has data_offsets ${JSON.stringify(offsets)}`);
  const [begin, end] = offsets as [number, number];
  const bytes = elementCount(shape) * BYTES_PER_ELEMENT[dtype];
  if (end - begin !== bytes) {
    return bad(`tensor "${name}" spans ${end - begin} bytes, its dtype and shape [${shape.join(', ')}] take ${bytes}`);
  }
  return { name, dtype, shape, begin, end };
}

/** Every byte belongs to exactly one tensor: a gap could hide data, an overlap lets one tensor change another. */
function checkLayout(entries: readonly TensorEntry[], dataSize: number, bad: Bad): void {
  let expected = 0;
  for (const { name, begin, end } of entries.toSorted((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (begin < expected) bad(`tensor "${name}" overlaps the tensor before it`);
    if (begin > expected) bad(`${begin - expected} bytes before tensor "${name}" belong to no tensor`);
    expected = end;
  }
  if (expected > dataSize)
    bad(`its tensors take ${expected} bytes, but only ${dataSize} follow the header: truncated?`);
  if (expected < dataSize) bad(`${dataSize - expected} bytes after the last tensor belong to no tensor`);
}

function readMetadata(field: unknown, bad: Bad): ReadonlyMap<string, string> {
  if (field === undefined) return new Map();
  if (!isObject(field)) return bad('__metadata__ is not an object');
  for (const [key, value] of Object.entries(field)) {
    if (typeof value !== 'string') bad(`__metadata__ "${key}" is not a string`);
  }
  return new Map(Object.entries(field) as [string, string][]);
}

function readJson(metadata: ReadonlyMap<string, string>, key: string, bad: Bad): unknown {
  const text = metadata.get(key);
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch (cause) {
    return bad(`__metadata__ "${key}" is not JSON`, cause);
  }
}

function inOrder(entries: Map<string, TensorEntry>, order: unknown, bad: Bad): Map<string, TensorEntry> {
  if (order === undefined) return entries;
  const names: unknown[] = Array.isArray(order) ? order : bad('onpar.order is not a list');
  const sorted = new Map<string, TensorEntry>();
  for (const name of names) {
    const entry = typeof name === 'string' ? entries.get(name) : undefined;
    sorted.set(String(name), entry ?? bad(`onpar.order names ${JSON.stringify(name)}, which is no tensor`));
  }
  if (sorted.size !== entries.size || names.length !== entries.size) bad('onpar.order does not name every tensor once');
  return sorted;
}
