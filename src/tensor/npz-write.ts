import { writeFileSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { serializeNpy } from './npy.ts';
import type { NamedTensors } from './tensor.ts';

/** 1980-01-01, the first day that a zip knows: the same tensors give the same file. */
const DATE = 0x21;
/** UTF-8 names (APPNOTE.TXT 6.3.10, appendix D). */
const UTF8 = 0x0800;
/** Version of the format that is needed to read it: 2.0. */
const NEEDS = 20;

/**
 * Writes an npz file that `numpy.load` opens: one stored npy per tensor, under its name (APPNOTE.TXT 6.3.10 §4.3, without
 * zip64, so up to 4 GB). OnparError `tensor-file-unsupported` for dtypes that numpy does not have; RangeError beyond 4 GB.
 */
export function writeNpz(path: string, tensors: NamedTensors): void {
  const parts: Uint8Array[] = [];
  const directory: Uint8Array[] = [];
  let at = 0;
  for (const [name, tensor] of tensors) {
    const content = serializeNpy(tensor);
    const file = new TextEncoder().encode(`${name}.npy`);
    const [sum, size] = [crc32(content), content.byteLength];
    const common = [u16(NEEDS), u16(UTF8), u16(0), u16(0), u16(DATE), u32(sum), u32(size), u32(size), u16(file.length)];
    directory.push(...[u32(0x02014b50), u16(NEEDS), ...common, u16(0), u16(0), u16(0), u16(0), u32(0), u32(at), file]);
    const local = [u32(0x04034b50), ...common, u16(0), file, content];
    parts.push(...local);
    at += sizeOf(local);
  }
  const length = sizeOf(directory);
  if (at + length > 0xffffffff) throw new RangeError(`${path} would be larger than 4 GB`);
  const count = tensors.size;
  const end = [u32(0x06054b50), u16(0), u16(0), u16(count), u16(count), u32(length), u32(at), u16(0)];
  writeFileSync(path, Buffer.concat([...parts, ...directory, ...end]));
}

const sizeOf = (parts: readonly Uint8Array[]): number => parts.reduce((sum, { byteLength }) => sum + byteLength, 0);

function u16(value: number): Uint8Array {
  return new Uint8Array([value & 0xff, (value >> 8) & 0xff]);
}

function u32(value: number): Uint8Array {
  return new Uint8Array([value & 0xff, (value >>> 8) & 0xff, (value >>> 16) & 0xff, (value >>> 24) & 0xff]);
}
