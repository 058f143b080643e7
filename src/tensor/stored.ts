import { parse } from 'node:path';
import { crc32 } from 'node:zlib';
import { OnparError } from '../core/errors.ts';
import { type Source, withFile } from './bytes.ts';
import { BYTES_PER_ELEMENT, type Dtype } from './dtype.ts';
import { parseNpy } from './npy.ts';
import { looksLikeNpy, parseNpyHeader } from './npy-header.ts';
import { looksLikeSafetensors, readSafetensorsHeader, readSafetensorsTensor } from './safetensors.ts';
import { elementCount, type NamedTensors, type Tensor } from './tensor.ts';
import { readTensorFile } from './tensor-file.ts';
import { looksLikeZip, readZipDirectory, readZipEntry, storedAt, type ZipEntry } from './zip.ts';

/** From this size on a tensor stays in its file: two of them, with what else is in memory, keep below 256 MB. */
const STAYS_FROM_BYTES = 16 * 1024 ** 2;

/**
 * As `readTensorFile`, but large tensors are not read: they say where they lie (`Tensor.place`). Big-endian, Fortran-ordered
 * and compressed ones cannot be read in pieces and are in memory. `verify` reads stored npz members once for their checksum.
 */
export function openTensorFile(path: string, { verify }: { readonly verify: boolean }): NamedTensors {
  const { head, size } = withFile(path, (source, bytes) => ({ head: source(0, Math.min(16, bytes)), size: bytes }));
  if (size < STAYS_FROM_BYTES) return readTensorFile(path);
  if (looksLikeNpy(head)) {
    const tensor = withFile(path, (source) => npyAt(source, 0, size, path));
    return tensor === null ? readTensorFile(path) : new Map([[parse(path).name, tensor]]);
  }
  if (looksLikeSafetensors(head) && !looksLikeZip(head)) return openSafetensors(path);
  return looksLikeZip(head) ? withFile(path, (source) => openNpz(source, size, path, verify)) : readTensorFile(path);
}

/** A tensor that stays in its file. */
function inFile(dtype: Dtype, shape: readonly number[], path: string, offset: number): Tensor {
  const length = elementCount(shape) * BYTES_PER_ELEMENT[dtype];
  return {
    dtype,
    shape,
    place: { path, offset },
    get data() {
      return withFile(path, (source) => source(offset, length));
    },
  };
}

/** An npy array of `size` bytes at `start` of a file; null where it cannot be read in pieces. */
function npyAt(source: Source, start: number, size: number, path: string): Tensor | null {
  // Longer headers than this belong to structured arrays, which are refused elsewhere.
  const { kind, bigEndian, fortranOrder, shape, dtype, dataStart } = parseNpyHeader(
    source(start, Math.min(size, 2 ** 17)),
    path,
  );
  const fits = size - dataStart === elementCount(shape) * BYTES_PER_ELEMENT[dtype];
  if (kind !== 'number' || bigEndian || (fortranOrder && shape.length > 1) || !fits) return null;
  return inFile(dtype, shape, path, start + dataStart);
}

function openSafetensors(path: string): NamedTensors {
  const { tensors, dataStart } = readSafetensorsHeader(path);
  return new Map(
    [...tensors].map(([name, { dtype, shape, begin, end }]) => {
      const stays = dtype !== 'string' && end - begin >= STAYS_FROM_BYTES;
      return [name, stays ? inFile(dtype, shape, path, dataStart + begin) : readSafetensorsTensor(path, name)];
    }),
  );
}

function openNpz(source: Source, size: number, path: string, verify: boolean): NamedTensors {
  const entries = readZipDirectory(source, size, path);
  const names = entries.map(({ name }) => name);
  // Whatever is wrong with the members is told where they are all read.
  if (names.some((name) => !name.endsWith('.npy')) || new Set(names).size < names.length) return readTensorFile(path);
  return new Map(
    entries.map((entry) => [entry.name.slice(0, -'.npy'.length), member(source, size, entry, path, verify)]),
  );
}

function member(source: Source, size: number, entry: ZipEntry, path: string, verify: boolean): Tensor {
  const file = `${path} (${entry.name})`;
  const start = entry.method === 0 && entry.size >= STAYS_FROM_BYTES ? storedAt(source, size, entry, path) : null;
  const tensor = start === null ? null : npyAt(source, start, entry.size, file);
  if (start === null || tensor === null) return parseNpy(readZipEntry(source, size, entry, path), file);
  if (verify && checksum(source, start, entry.size) !== entry.crc32) {
    throw new OnparError({
      code: 'file-damaged',
      message: `${path} is not a readable zip: "${entry.name}" is damaged (checksum)`,
    });
  }
  return inFile(tensor.dtype, tensor.shape, path, tensor.place?.offset ?? 0);
}

function checksum(source: Source, start: number, length: number): number {
  const step = 2 ** 20;
  let sum = 0;
  for (let at = 0; at < length; at += step) sum = crc32(source(start + at, Math.min(step, length - at)), sum);
  return sum;
}
