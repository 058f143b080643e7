import type { Source } from '../../tensor/bytes.ts';

/** One field of a protobuf message, its content not yet read (https://protobuf.dev/programming-guides/encoding). */
export interface WireField {
  readonly number: number;
  /** 0 varint, 1 eight bytes, 2 length-delimited, 5 four bytes. */
  readonly type: number;
  /** The value of a varint; it loses precision beyond 2^53. */
  readonly value: number;
  /** Where the content lies, and where the next field begins: beyond the file when that is cut off. */
  readonly start: number;
  readonly end: number;
}

/** The field at `at` of a message that ends at `limit`; undefined where no well-formed field starts. */
export function fieldAt(source: Source, at: number, limit: number): WireField | undefined {
  // Tag and length take at most ten bytes each.
  const head = source(at, Math.min(20, limit - at));
  const tag = varint(head, 0);
  if (tag === undefined || tag.value < 8 || tag.value >= 2 ** 32) return undefined;
  const type = tag.value & 7;
  const common = { number: tag.value >>> 3, type, value: 0 };
  const start = at + tag.next;
  if (type === 1) return { ...common, start, end: start + 8 };
  if (type === 5) return { ...common, start, end: start + 4 };
  const number = varint(head, tag.next);
  if (number === undefined || (type !== 0 && type !== 2)) return undefined;
  if (type === 0) return { ...common, value: number.value, start, end: at + number.next };
  return { ...common, start: at + number.next, end: at + number.next + number.value };
}

function varint(bytes: Uint8Array, start: number): { value: number; next: number } | undefined {
  let value = 0;
  for (let i = start; i < Math.min(bytes.byteLength, start + 10); i++) {
    const byte = bytes[i] as number;
    value += (byte & 0x7f) * 2 ** (7 * (i - start));
    if (byte < 0x80) return { value, next: i + 1 };
  }
  return undefined;
}

/** How much is read at once: thousands of small fields then cost a few reads, a jump over weights wastes little. */
const WINDOW = 1 << 16;

/** The same source behind a window, for walks that go forward in small steps. */
export function buffered(source: Source, size: number): Source {
  let from = 0;
  let window = new Uint8Array(0);
  return (offset, length) => {
    if (offset < from || offset + length > from + window.byteLength) {
      from = offset;
      window = source(offset, Math.min(Math.max(length, WINDOW), size - offset)) as Uint8Array<ArrayBuffer>;
    }
    return window.subarray(offset - from, offset - from + length);
  };
}
