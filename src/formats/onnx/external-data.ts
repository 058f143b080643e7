import { isAbsolute, posix, win32 } from 'node:path';
import { OnparError } from '../../core/errors.ts';
import { bytesSource, type Source, withFile } from '../../tensor/bytes.ts';
import { buffered, fieldAt } from './wire.ts';

/** Messages on the way to tensors, by field number (onnx.proto). */
const CHILDREN = {
  model: { 7: 'graph', 20: 'training', 25: 'function' },
  training: { 1: 'graph', 2: 'graph' },
  function: { 7: 'node', 11: 'attribute' },
  graph: { 1: 'node', 5: 'tensor', 15: 'sparse' },
  node: { 5: 'attribute' },
  attribute: { 5: 'tensor', 6: 'graph', 10: 'tensor', 11: 'graph', 22: 'sparse', 23: 'sparse' },
  sparse: { 1: 'tensor', 2: 'tensor' },
  tensor: { 13: 'entry' },
  entry: {},
} as const satisfies Record<string, Readonly<Record<number, string>>>;
type Message = keyof typeof CHILDREN;

const EXTERNAL_DATA = 13;
const DATA_LOCATION = 14;
/** protobuf's own limit for nested messages. */
const MAX_DEPTH = 100;

/**
 * The files beside an ONNX model that hold weights, relative to its folder, sorted. Only headers are read, never weights.
 * Stops where the file is damaged: telling that is the reader's job. OnparError `model-load-failed` for a location that is
 * absolute or leaves the folder, as the ONNX specification forbids (docs/ExternalData.md).
 */
export const externalDataFiles = (path: string): string[] => withFile(path, (source, size) => scan(source, size, path));

/** As `externalDataFiles`, for a model in memory. `name` stands for its path in errors. */
export const externalDataOf = (bytes: Uint8Array, name: string): string[] =>
  scan(bytesSource(bytes), bytes.byteLength, name);

/** Up to this size a file is read whole to look for the word that all external data carries; most models lack it. */
const SEARCHED_BYTES = 64 * 1024 ** 2;

function scan(source: Source, size: number, file: string): string[] {
  if (size <= SEARCHED_BYTES) {
    const { buffer, byteOffset, byteLength } = source(0, size);
    if (!Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength).includes('location')) return [];
  }
  const found = new Set<string>();
  visit('model', buffered(source, size), 0, size, 0, found);
  return [...found].map((location) => checkedLocation(location, file)).sort();
}

function visit(message: Message, source: Source, begin: number, end: number, depth: number, found: Set<string>): void {
  const children: Readonly<Record<number, Message>> = CHILDREN[message];
  const locations: string[] = [];
  for (let at = begin; at < end; ) {
    const field = fieldAt(source, at, end);
    if (field === undefined || field.end > end) return;
    const child = field.type === 2 ? children[field.number] : undefined;
    if (message === 'tensor' && field.number === EXTERNAL_DATA)
      locations.push(...locationIn(source, field.start, field.end));
    else if (message === 'tensor' && field.number === DATA_LOCATION && field.value === 1)
      for (const l of locations) found.add(l);
    else if (child !== undefined && depth < MAX_DEPTH) visit(child, source, field.start, field.end, depth + 1, found);
    at = field.end;
  }
}

/** The value of a StringStringEntryProto whose key is `location`. */
function locationIn(source: Source, begin: number, end: number): string[] {
  const texts: Record<number, string> = {};
  for (let at = begin; at < end; ) {
    const field = fieldAt(source, at, end);
    if (field === undefined || field.end > end) break;
    texts[field.number] = new TextDecoder().decode(source(field.start, field.end - field.start));
    at = field.end;
  }
  return texts[1] === 'location' && texts[2] !== undefined ? [texts[2]] : [];
}

/** A location as a relative path with `/`; OnparError `model-load-failed` where it is none inside the model's folder. */
export function checkedLocation(location: string, file: string): string {
  const parts = location.split(/[/\\]/);
  if (
    location !== '' &&
    !posix.isAbsolute(location) &&
    !win32.isAbsolute(location) &&
    !isAbsolute(location) &&
    !parts.includes('..')
  ) {
    return posix.normalize(parts.join('/'));
  }
  throw new OnparError({
    code: 'model-load-failed',
    message: `${file} keeps weights in ${JSON.stringify(location)}, which is not a file in its own folder`,
    fix: 'save the model again with its weights beside it',
  });
}
