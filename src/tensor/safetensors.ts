import { OnparError } from '../core/errors.ts';
import { bytesSource, type Source, withFile } from './bytes.ts';
import { parseHeader, type SafetensorsHeader, type TensorEntry } from './safetensors-header.ts';
import { splitStrings } from './safetensors-strings.ts';
import type { NamedTensors, Tensor } from './tensor.ts';

export type { SafetensorsHeader } from './safetensors-header.ts';
export { serializeSafetensors, writeSafetensors } from './safetensors-write.ts';

/**
 * The header of a safetensors file, without its tensors: names in order, dtypes, shapes, metadata.
 * Throws OnparError `tensor-file-invalid` for a file that breaks the format, `file-missing` for none.
 */
export function readSafetensorsHeader(path: string): SafetensorsHeader {
  return withFile(path, (source, size) => parseHeader(source, size, path));
}

/** All tensors of a file, in the order of its `onpar.order` metadata, else of its header. Errors as `readSafetensorsHeader`. */
export function readSafetensors(path: string): NamedTensors {
  return withFile(path, (source, size) => readAll(source, parseHeader(source, size, path), path));
}

/** One tensor of a file, without reading the others. OnparError `tensor-missing` names those there are. */
export function readSafetensorsTensor(path: string, name: string): Tensor {
  return withFile(path, (source, size) => {
    const header = parseHeader(source, size, path);
    const entry = header.tensors.get(name);
    if (entry !== undefined) return readTensor(source, header, entry, path);
    throw new OnparError({
      code: 'tensor-missing',
      message: `${path} has no tensor "${name}"; it has ${[...header.tensors.keys()].join(', ') || 'none'}`,
    });
  });
}

/** As `readSafetensors`, from bytes in memory; the tensors share them. `name` stands for the file in errors. */
export function parseSafetensors(bytes: Uint8Array, name: string): NamedTensors {
  const source = bytesSource(bytes);
  return readAll(source, parseHeader(source, bytes.byteLength, name), name);
}

function readAll(source: Source, header: SafetensorsHeader, file: string): NamedTensors {
  const entries = [...header.tensors];
  return new Map(entries.map(([name, entry]) => [name, readTensor(source, header, entry, file)]));
}

function readTensor(source: Source, header: SafetensorsHeader, entry: TensorEntry, file: string): Tensor {
  const { dtype, shape, begin, end } = entry;
  const bytes = source(header.dataStart + begin, end - begin);
  if (dtype !== 'string') return { dtype, shape, data: bytes };
  return { dtype, shape, data: new Uint8Array(0), strings: splitStrings(bytes, entry, file) };
}

/** Whether a file that starts with these (at least 9) bytes may be safetensors: a small header length, then `{`. */
export const looksLikeSafetensors = (head: Uint8Array): boolean =>
  head.byteLength > 8 && head[8] === 0x7b && head.subarray(4, 8).every((b) => b === 0);
