import { openSync, readSync } from 'node:fs';
import { OnparError } from '../../core/errors.ts';
import { BYTES_PER_ELEMENT } from '../dtype.ts';
import type { NumericDtype } from '../views.ts';

/** Where the bytes of a tensor lie, row-major and little-endian. */
export type Place = { readonly bytes: Uint8Array } | { readonly path: string; readonly offset: number };

/** The elements of one tensor, read piece by piece. */
export interface Elements {
  readonly dtype: NumericDtype;
  readonly count: number;
  readonly place: Place;
  /** Fills `into` with elements from index `from` on. */
  read(from: number, into: Uint8Array): void;
}

export function elementsOf(dtype: NumericDtype, count: number, place: Place): Elements {
  const size = BYTES_PER_ELEMENT[dtype];
  if ('bytes' in place) {
    const { bytes } = place;
    const read = (from: number, into: Uint8Array) => into.set(bytes.subarray(from * size, from * size + into.length));
    return { dtype, count, place, read };
  }
  const { path, offset } = place;
  const fd = shared(path);
  return { dtype, count, place, read: (from, into) => readFully(fd, offset + from * size, into, path) };
}

/** Open files by path; a comparison reads two or three, thousands of times, and ends with its process. */
const open = new Map<string, number>();

function shared(path: string): number {
  const fd = open.get(path) ?? openSync(path, 'r');
  open.set(path, fd);
  return fd;
}

function readFully(fd: number, position: number, into: Uint8Array, path: string): void {
  for (let done = 0; done < into.length; ) {
    const n = readSync(fd, into, done, into.length - done, position + done);
    if (n === 0) throw new OnparError({ code: 'file-unreadable', message: `${path} became shorter while it was read` });
    done += n;
  }
}
