import { parseHeader, type SafetensorsHeader, type TensorEntry } from './safetensors-header.ts';
import { splitStrings } from './safetensors-strings.ts';
import { bytesSource, type Source } from './source.ts';
import type { NamedTensors, Tensor } from './tensor.ts';

/**
 * All tensors of a file that is in memory, in the order of its `onpar.order` metadata, else of its header; they share its
 * bytes. `name` stands for the file in errors. No file is opened here: a page in a browser reads tensors so too.
 */
export function parseSafetensors(bytes: Uint8Array, name: string): NamedTensors {
  const source = bytesSource(bytes);
  return readAll(source, parseHeader(source, bytes.byteLength, name), name);
}

export function readAll(source: Source, header: SafetensorsHeader, file: string): NamedTensors {
  const entries = [...header.tensors];
  return new Map(entries.map(([name, entry]) => [name, readTensor(source, header, entry, file)]));
}

export function readTensor(source: Source, header: SafetensorsHeader, entry: TensorEntry, file: string): Tensor {
  const { dtype, shape, begin, end } = entry;
  const bytes = source(header.dataStart + begin, end - begin);
  if (dtype !== 'string') return { dtype, shape, data: bytes };
  return { dtype, shape, data: new Uint8Array(0), strings: splitStrings(bytes, entry, file) };
}
