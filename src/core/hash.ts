import { createHash } from 'node:crypto';
import { closeSync, openSync, readdirSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { canonicalJson } from './canonical.ts';

export const sha256 = (data: string | Uint8Array): string => createHash('sha256').update(data).digest('hex');

/** Digest of any JSON value, independent of the order of its keys. */
export const digestJson = (value: unknown): string => sha256(canonicalJson(value));

const CHUNK = 1 << 20;

/** Digest of a file's bytes, read in chunks: model files may be larger than memory. Throws what `fs` throws. */
export function digestFile(path: string): string {
  const hash = createHash('sha256');
  const fd = openSync(path, 'r');
  try {
    const buffer = new Uint8Array(CHUNK);
    for (;;) {
      const n = readSync(fd, buffer, 0, CHUNK, null);
      if (n === 0) break;
      hash.update(buffer.subarray(0, n));
    }
  } finally {
    closeSync(fd);
  }
  return hash.digest('hex');
}

/** Files below a folder, relative with `/`, sorted, so that every machine sees the same order. */
export function filesBelow(dir: string): string[] {
  const found: string[] = [];
  const visit = (relative: string): void => {
    for (const entry of readdirSync(join(dir, relative), { withFileTypes: true })) {
      const path = relative === '' ? entry.name : `${relative}/${entry.name}`;
      if (entry.isDirectory()) visit(path);
      else found.push(path);
    }
  };
  visit('');
  return found.sort();
}

/** Digest of a file, or of a folder as the list of its files with their digests. */
export function digestPath(path: string): string {
  if (!statSync(path).isDirectory()) return digestFile(path);
  return digestJson(filesBelow(path).map((file) => [file, digestFile(join(path, file))]));
}

/** Bytes of a file or of all files below a folder. */
export function bytesOf(path: string): number {
  const stat = statSync(path);
  return stat.isDirectory()
    ? filesBelow(path).reduce((sum, file) => sum + statSync(join(path, file)).size, 0)
    : stat.size;
}
