/** Reads `length` bytes at `offset` of a file or buffer. Callers ask only for bytes that exist. */
export type Source = (offset: number, length: number) => Uint8Array;

/** A buffer as a source; what it gives shares the buffer's memory. */
export const bytesSource =
  (bytes: Uint8Array): Source =>
  (offset, length) =>
    bytes.subarray(offset, offset + length);
