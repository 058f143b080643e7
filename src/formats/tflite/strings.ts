/**
 * How TFLite lays out a tensor of strings: int32 count, int32 offsets of each string and of the end, all from the start of
 * the buffer, then their bytes (tflite/string_util.h).
 */
export function encodeStrings(strings: readonly string[]): Uint8Array {
  const parts = strings.map((text) => new TextEncoder().encode(text));
  const start = 4 * (parts.length + 2);
  const bytes = new Uint8Array(start + parts.reduce((sum, part) => sum + part.length, 0));
  const header = new DataView(bytes.buffer);
  header.setInt32(0, parts.length, true);
  let at = start;
  for (const [index, part] of parts.entries()) {
    header.setInt32(4 * (index + 1), at, true);
    bytes.set(part, at);
    at += part.length;
  }
  header.setInt32(4 * (parts.length + 1), at, true);
  return bytes;
}

/** The strings of such a buffer, which may be longer than what they take. RangeError where offsets lie outside of it. */
export function decodeStrings(bytes: Uint8Array): string[] {
  const header = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const text = new TextDecoder();
  const offset = (index: number) => header.getInt32(4 * (index + 1), true);
  return Array.from({ length: header.getInt32(0, true) }, (_, index) => {
    const [begin, end] = [offset(index), offset(index + 1)];
    if (begin < 0 || end < begin || end > bytes.length) throw new RangeError(`string ${index} lies outside its buffer`);
    return text.decode(bytes.subarray(begin, end));
  });
}
