import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { OnparError } from '../../core/errors.ts';
import { isInside } from '../../core/paths.ts';
import { parseTfjs, type TfjsModelJson, type TfjsWeight, type TfjsWeightGroup } from './model-json.ts';

/** Bytes that one element takes as it is stored (tfjs-core, src/io/types.ts, DTYPE_VALUE_SIZE_MAP). */
const STORED_BYTES: Readonly<Record<string, number>> = {
  float32: 4,
  float16: 2,
  int32: 4,
  uint16: 2,
  uint8: 1,
  bool: 1,
  complex64: 8,
};

/** What stands in the file for one element. */
export const storedAs = ({ dtype, quantization }: TfjsWeight): string => quantization?.dtype ?? dtype;

/**
 * Bytes of a weight in its group; null for strings, whose length stands before each of them.
 */
export function weightBytes(weight: TfjsWeight): number | null {
  const size = STORED_BYTES[storedAs(weight)];
  return size === undefined ? null : size * weight.shape.reduce((n, d) => n * d, 1);
}

/**
 * A model.json with the joined bytes of its weight files. Throws OnparError `model-file-missing` for a file that the manifest
 * names and that is not there, `model-load-failed` for one that is too short or lies elsewhere.
 */
export function readTfjs(path: string): { readonly json: TfjsModelJson; readonly weights: Uint8Array } {
  const json = readModelJson(path);
  return { json, weights: joined(json.weightsManifest.map((group) => readGroup(path, group))) };
}

/** A model.json alone. Throws OnparError `model-file-missing` or `model-load-failed`. */
export function readModelJson(path: string): TfjsModelJson {
  if (!existsSync(path)) {
    throw new OnparError({ code: 'model-file-missing', message: `${path} does not exist`, exitCode: 1 });
  }
  return parseTfjs(readFileSync(path, 'utf8'), path);
}

/** The joined bytes of one group's files; checked against what its tensors need. */
export function readGroup(path: string, { paths, weights }: TfjsWeightGroup): Uint8Array {
  const folder = dirname(path);
  const files = paths.map((name) => join(folder, name));
  const outside = files.find((file) => !isInside(folder, file));
  if (outside !== undefined) {
    throw new OnparError({
      code: 'model-load-failed',
      message: `${path} names the weight file ${outside}, which is not in its folder`,
      fix: 'put all files of the model into one folder',
      exitCode: 1,
    });
  }
  const missing = files.filter((file) => !existsSync(file));
  if (missing.length > 0) {
    throw new OnparError({
      code: 'model-file-missing',
      message: `${path} needs the weight file ${missing[0]}, which is not there${missing.length > 1 ? `, nor are ${missing.length - 1} more` : ''}`,
      fix: 'copy the whole folder that the model was saved in: model.json and every .bin beside it',
      exitCode: 1,
    });
  }
  const bytes = joined(files.map((file) => readFileSync(file)));
  const sizes = weights.map(weightBytes);
  const needed = sizes.reduce<number>((sum, size) => sum + (size ?? 0), 0);
  if (bytes.byteLength < needed || (bytes.byteLength > needed && !sizes.includes(null))) {
    throw new OnparError({
      code: 'model-load-failed',
      message: `${path}: ${paths.join(', ')} hold${paths.length === 1 ? 's' : ''} ${bytes.byteLength} bytes, the manifest's weights need ${needed}`,
      fix: 'a weight file is cut off or of another model: export or copy the folder again',
      exitCode: 1,
    });
  }
  return bytes;
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((n, part) => n + part.byteLength, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.byteLength;
  }
  return all;
}
