import { writeFileSync } from 'node:fs';
import { OnparError } from '../core/errors.ts';
import { withFile } from './bytes.ts';
import { parseHeader, type SafetensorsHeader } from './safetensors-header.ts';
import { readAll, readTensor } from './safetensors-read.ts';
import { serializeSafetensors } from './safetensors-write.ts';
import type { NamedTensors, Tensor } from './tensor.ts';

export type { SafetensorsHeader } from './safetensors-header.ts';
export { parseSafetensors } from './safetensors-read.ts';
export { serializeSafetensors } from './safetensors-write.ts';

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

/** Writes `serializeSafetensors` to a file and gives the bytes back, for those who want their digest. */
export function writeSafetensors(
  path: string,
  tensors: NamedTensors,
  metadata?: ReadonlyMap<string, string>,
): Uint8Array {
  const bytes = serializeSafetensors(tensors, metadata);
  writeFileSync(path, bytes);
  return bytes;
}

/** Whether a file that starts with these (at least 9) bytes may be safetensors: a small header length, then `{`. */
export const looksLikeSafetensors = (head: Uint8Array): boolean =>
  head.byteLength > 8 && head[8] === 0x7b && head.subarray(4, 8).every((b) => b === 0);
