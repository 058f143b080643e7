import { crc32, inflateRawSync } from 'node:zlib';
import { OnparError } from '../core/errors.ts';
import type { Source } from './bytes.ts';

/** One file inside a zip, as its central directory has it. */
export interface ZipEntry {
  readonly name: string;
  /** 0 stored, 8 deflated. */
  readonly method: number;
  readonly crc32: number;
  readonly compressedSize: number;
  readonly size: number;
  readonly localOffset: number;
}

const END_OF_DIRECTORY = 0x06054b50;
const ZIP64_LOCATOR = 0x07064b50;
const ZIP64_END = 0x06064b50;
const DIRECTORY_ENTRY = 0x02014b50;
const LOCAL_HEADER = 0x04034b50;

const bad = (file: string, what: string): never => {
  throw new OnparError({ code: 'file-damaged', message: `${file} is not a readable zip: ${what}` });
};

const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** Whether a file that starts with these bytes may be a zip (an empty zip starts with its end record). */
export const looksLikeZip = (head: Uint8Array): boolean =>
  head[0] === 0x50 && head[1] === 0x4b && ((head[2] === 3 && head[3] === 4) || (head[2] === 5 && head[3] === 6));

/**
 * The files in a zip, zip64 included (APPNOTE.TXT 6.3.10 §4.3), read from its directory alone: a checkpoint of many
 * gigabytes is listed in two reads. OnparError `file-damaged` when the directory is cut off or inconsistent.
 */
export function readZipDirectory(source: Source, size: number, file: string): ZipEntry[] {
  const { count, length, offset } = findDirectory(source, size, file);
  if (offset + length > size) return bad(file, 'its directory lies outside the file');
  const bytes = source(offset, length);
  const view = viewOf(bytes);
  const entries: ZipEntry[] = [];
  for (let at = 0; entries.length < count; ) {
    if (at + 46 > length || view.getUint32(at, true) !== DIRECTORY_ENTRY) return bad(file, 'its directory is damaged');
    const nameLength = view.getUint16(at + 28, true);
    const extraLength = view.getUint16(at + 30, true);
    const next = at + 46 + nameLength + extraLength + view.getUint16(at + 32, true);
    if (next > length) return bad(file, 'its directory is damaged');
    const sizes = {
      size: view.getUint32(at + 24, true),
      compressedSize: view.getUint32(at + 20, true),
      localOffset: view.getUint32(at + 42, true),
    };
    entries.push({
      name: new TextDecoder().decode(bytes.subarray(at + 46, at + 46 + nameLength)),
      method: view.getUint16(at + 10, true),
      crc32: view.getUint32(at + 16, true),
      ...widened(sizes, view, at + 46 + nameLength, extraLength),
    });
    at = next;
  }
  return entries;
}

type Sizes = Pick<ZipEntry, 'size' | 'compressedSize' | 'localOffset'>;

/** The zip64 extra field holds, in this order, only those values that are all ones in the entry itself (§4.5.3). */
function widened(sizes: Sizes, view: DataView, start: number, length: number): Sizes {
  let { size, compressedSize, localOffset } = sizes;
  for (let at = start; at + 4 <= start + length; at += 4 + view.getUint16(at + 2, true)) {
    if (view.getUint16(at, true) !== 0x0001) continue;
    let field = at + 4;
    const take = (value: number) => {
      if (value !== 0xffffffff) return value;
      field += 8;
      return Number(view.getBigUint64(field - 8, true));
    };
    size = take(size);
    compressedSize = take(compressedSize);
    localOffset = take(localOffset);
  }
  return { size, compressedSize, localOffset };
}

function findDirectory(source: Source, size: number, file: string): { count: number; length: number; offset: number } {
  // The end record is 22 bytes and may be followed by a comment of up to 65,535.
  const tailStart = Math.max(0, size - 22 - 65535 - 20);
  const tail = viewOf(source(tailStart, size - tailStart));
  let at = tail.byteLength - 22;
  while (at >= 0 && tail.getUint32(at, true) !== END_OF_DIRECTORY) at--;
  if (at < 0) return bad(file, 'it has no end record: truncated?');
  if (at >= 20 && tail.getUint32(at - 20, true) === ZIP64_LOCATOR) {
    const position = Number(tail.getBigUint64(at - 12, true));
    if (position + 56 > size) return bad(file, 'its zip64 record lies outside the file');
    const end = viewOf(source(position, 56));
    if (end.getUint32(0, true) !== ZIP64_END) return bad(file, 'its zip64 record is damaged');
    const at64 = (offset: number) => Number(end.getBigUint64(offset, true));
    return { count: at64(32), length: at64(40), offset: at64(48) };
  }
  return {
    count: tail.getUint16(at + 10, true),
    length: tail.getUint32(at + 12, true),
    offset: tail.getUint32(at + 16, true),
  };
}

/** Where the bytes of an entry start, as they are stored. OnparError `file-damaged` when they do not lie in the file. */
export function storedAt(source: Source, size: number, entry: ZipEntry, file: string): number {
  const { name, compressedSize, localOffset } = entry;
  if (localOffset + 30 > size) return bad(file, `"${name}" lies outside the file`);
  const local = viewOf(source(localOffset, 30));
  if (local.getUint32(0, true) !== LOCAL_HEADER) return bad(file, `"${name}" is damaged`);
  const start = localOffset + 30 + local.getUint16(26, true) + local.getUint16(28, true);
  return start + compressedSize > size ? bad(file, `"${name}" lies outside the file`) : start;
}

/** The content of one entry, its checksum verified. OnparError `file-damaged` for damage or an unknown compression. */
export function readZipEntry(source: Source, size: number, entry: ZipEntry, file: string): Uint8Array {
  const { name, method, compressedSize } = entry;
  const start = storedAt(source, size, entry, file);
  if (method !== 0 && method !== 8) return bad(file, `"${name}" is compressed by method ${method}; known are 0 and 8`);
  const stored = source(start, compressedSize);
  const content = method === 0 ? stored : inflated(stored, entry, file);
  if (content.byteLength !== entry.size || crc32(content) !== entry.crc32)
    return bad(file, `"${name}" is damaged (checksum)`);
  return content;
}

function inflated(bytes: Uint8Array, entry: ZipEntry, file: string): Uint8Array {
  try {
    // The declared size bounds what a small file can blow up to.
    const buffer = inflateRawSync(bytes, { maxOutputLength: Math.max(1, entry.size) });
    return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);
  } catch (cause) {
    return bad(file, `"${entry.name}" is damaged (${(cause as Error).message})`);
  }
}
