import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { OnparError } from '../core/errors.ts';
import type { Source } from './source.ts';

export { bytesSource, type Source } from './source.ts';

/**
 * Runs `use` on an open file, without reading all of it. Each read lands in memory of its own, so that tensors are
 * aligned and independent. OnparError `file-missing` or `file-unreadable` names the path.
 */
export function withFile<T>(path: string, use: (source: Source, size: number) => T): T {
  let fd: number;
  try {
    fd = openSync(path, 'r');
  } catch (cause) {
    const missing = (cause as NodeJS.ErrnoException).code === 'ENOENT';
    throw new OnparError({
      code: missing ? 'file-missing' : 'file-unreadable',
      message: missing ? `${path} does not exist` : `cannot read ${path}: ${(cause as Error).message}`,
      fix: missing ? 'check the path' : 'check its permissions',
      cause,
    });
  }
  try {
    const stat = fstatSync(fd);
    if (!stat.isFile()) throw new OnparError({ code: 'file-unreadable', message: `${path} is not a file` });
    return use((offset, length) => readExactly(fd, offset, length, path), stat.size);
  } finally {
    closeSync(fd);
  }
}

function readExactly(fd: number, offset: number, length: number, path: string): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let done = 0; done < length; ) {
    // One read call moves at most 2 GiB − 1.
    const n = readSync(fd, bytes, done, Math.min(length - done, 2 ** 30), offset + done);
    if (n === 0) throw new OnparError({ code: 'file-unreadable', message: `${path} became shorter while it was read` });
    done += n;
  }
  return bytes;
}
