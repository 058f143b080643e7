import { statSync } from 'node:fs';
import { basename } from 'node:path';
import { type Source, withFile } from '../tensor/bytes.ts';

/** Enough for the first keys of most files. */
const HEAD_BYTES = 4096;
/** A model.json whose topology comes behind long metadata is read to its end up to here. */
const MAX_BYTES = 64 * 1024 ** 2;

const KEYS = /"(modelTopology|weightsManifest)"\s*:|"format"\s*:\s*"(graph|layers)-model"/;

/** Whether a file is the model.json of a TensorFlow.js model (tfjs-core, src/io/types.ts, ModelJSON): its keys come in any order. */
export function looksLikeTfjs(source: Source, size: number, path: string): boolean {
  const text = (length: number): string => Buffer.from(source(0, Math.min(length, size))).toString('latin1');
  const head = text(HEAD_BYTES);
  if (!/^\s*\{/.test(head)) return false;
  if (KEYS.test(head)) return true;
  return basename(path) === 'model.json' && size > HEAD_BYTES && size <= MAX_BYTES && KEYS.test(text(size));
}

export const isTfjsFile = (path: string): boolean =>
  statSync(path).isFile() && withFile(path, (source, size) => looksLikeTfjs(source, size, path));
