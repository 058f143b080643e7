import { closeSync, openSync, readSync } from 'node:fs';
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
  readonly read: (from: number, into: Uint8Array) => void;
  /** Gives a file back; it is opened again when it is read again. */
  readonly close: () => void;
}

export function elementsOf(dtype: NumericDtype, count: number, place: Place): Elements {
  const size = BYTES_PER_ELEMENT[dtype];
  if ('bytes' in place) {
    const { bytes } = place;
    const read = (from: number, into: Uint8Array) => into.set(bytes.subarray(from * size, from * size + into.length));
    return { dtype, count, place, read, close: () => {} };
  }
  const { path, offset } = place;
  let fd: number | undefined;
  return {
    dtype,
    count,
    place,
    read: (from, into) => {
      fd ??= openSync(path, 'r');
      readFully(fd, offset + from * size, into, path);
    },
    close: () => {
      if (fd !== undefined) closeSync(fd);
      fd = undefined;
    },
  };
}

/** Runs `use` and closes the files of all sides. */
export function reading<T>(sides: readonly Elements[], use: () => T): T {
  try {
    return use();
  } finally {
    for (const { close } of sides) close();
  }
}

function readFully(fd: number, position: number, into: Uint8Array, path: string): void {
  for (let done = 0; done < into.length; ) {
    const n = readSync(fd, into, done, into.length - done, position + done);
    if (n === 0) throw new OnparError({ code: 'file-unreadable', message: `${path} became shorter while it was read` });
    done += n;
  }
}
