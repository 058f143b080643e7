import { OnparError } from '../core/errors.ts';
import type { TensorEntry } from './safetensors-header.ts';
import { elementCount, type Tensor } from './tensor.ts';

/** Strings as UTF-8 joined by zero bytes, as docs/worker-protocol.md has it. RangeError for a string with a zero character. */
export function joinStrings(name: string, { strings = [], shape }: Tensor): Uint8Array {
  const count = elementCount(shape);
  if (strings.length !== count)
    throw new RangeError(`tensor ${name} has ${strings.length} strings, its shape takes ${count}`);
  if (strings.some((s) => s.includes('\0'))) throw new RangeError(`a string of tensor ${name} holds a zero character`);
  return new TextEncoder().encode(strings.join('\0'));
}

/** The other direction; OnparError `tensor-file-invalid` when bytes are not UTF-8 or their count does not fit the shape. */
export function splitStrings(bytes: Uint8Array, { name, shape }: TensorEntry, file: string): string[] {
  const count = elementCount(shape);
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new OnparError({
      code: 'tensor-file-invalid',
      message: `${file}: the strings of tensor "${name}" are not UTF-8`,
      cause,
    });
  }
  const strings = count === 0 && text === '' ? [] : text.split('\0');
  if (strings.length === count) return strings;
  throw new OnparError({
    code: 'tensor-file-invalid',
    message: `${file}: tensor "${name}" holds ${strings.length} strings, its shape [${shape.join(', ')}] takes ${count}`,
  });
}
