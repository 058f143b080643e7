import { constants, gunzipSync, inflateSync } from 'node:zlib';
import type { Sniffed } from './sniffed.ts';

/** Pickled long 0x1950a86a20f9469cfc6c: the first thing that torch.save wrote before it used zips (torch/serialization.py, MAGIC_NUMBER). */
const LEGACY_TORCH = [0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19];

/** Compressions of joblib.dump whose content cannot be looked into here: bz2, xz, lzma, lz4 (joblib/compressor.py). */
const OPAQUE = [
  [0x42, 0x5a, 0x68],
  [0xfd, 0x37, 0x7a, 0x58, 0x5a],
  [0x5d, 0x00, 0x00],
  [0x04, 0x22, 0x4d, 0x18],
];

/** Recognises pickles, plain or compressed by joblib: `pytorch` for old checkpoints, else `sklearn`. */
export function sniffPickle(head: Uint8Array, path: string): Sniffed | undefined {
  const content = decompressed(head);
  if (isPickle(content)) {
    const legacyTorch = starts(content.subarray(2), LEGACY_TORCH);
    return { format: legacyTorch ? 'pytorch' : 'sklearn', pickle: true };
  }
  const named = /\.(joblib|pkl|pickle)(\.(z|gz|bz2|xz|lzma|lz4))?$/i.test(path);
  return named && OPAQUE.some((magic) => starts(head, magic)) ? { format: 'sklearn', pickle: true } : undefined;
}

const starts = (bytes: Uint8Array, magic: readonly number[]): boolean => magic.every((byte, i) => bytes[i] === byte);

/** PROTO opcode with protocol 2 to 5, then an opcode that can follow it; text is never mistaken for that. */
function isPickle(bytes: Uint8Array): boolean {
  const protocol = bytes[1] ?? 0;
  return bytes.byteLength > 2 && bytes[0] === 0x80 && protocol >= 2 && protocol <= 5;
}

/** The first bytes behind zlib or gzip; the head itself when it is neither. */
function decompressed(head: Uint8Array): Uint8Array {
  const zlib = head[0] === 0x78 && (((head[0] as number) << 8) | (head[1] ?? 0)) % 31 === 0;
  const gzip = head[0] === 0x1f && head[1] === 0x8b;
  if (!zlib && !gzip) return head;
  try {
    // The head is cut off, so the stream is told not to insist on its end.
    return (zlib ? inflateSync : gunzipSync)(head, { finishFlush: constants.Z_SYNC_FLUSH });
  } catch {
    return head;
  }
}
