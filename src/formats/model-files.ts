import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { OnparError } from '../core/errors.ts';
import { digestFile, digestJson, digestPath, filesBelow } from '../core/hash.ts';
import { isInside } from '../core/paths.ts';
import type { Format } from './known.ts';
import { externalDataFiles } from './onnx/external-data.ts';

/**
 * All files that make up a model, absolute, the main file first: a folder's files sorted, ONNX with its external data,
 * OpenVINO's .xml with its .bin, TFJS with its shards. Files that are named but missing are left out: loading tells.
 * What Python code imports is not known here; the worker reports it as `dependencies`.
 */
export function modelFiles(path: string, format: Format): string[] {
  if (format === 'served') return [];
  if (statSync(path).isDirectory()) return filesBelow(path).map((file) => join(path, file));
  return [path, ...companions(path, format).filter((file) => existsSync(file))];
}

function companions(path: string, format: Format): string[] {
  const beside = (name: string) => join(dirname(path), name);
  if (format === 'onnx') return externalDataFiles(path).map(beside);
  if (format === 'openvino') return [path.replace(/\.xml$/i, '.bin')].filter((file) => file !== path);
  // Tokenizers.js reads special tokens there.
  if (format === 'tokenizer') return [beside('tokenizer_config.json')];
  if (format === 'tfjs') return shardsOf(path).map(beside);
  return [];
}

/** Weight files of a TFJS model, from the manifest in its model.json. */
function shardsOf(path: string): string[] {
  let manifest: unknown;
  try {
    manifest = (JSON.parse(readFileSync(path, 'utf8')) as { weightsManifest?: unknown }).weightsManifest;
  } catch (cause) {
    throw new OnparError({
      code: 'model-load-failed',
      message: `${path} is not JSON: ${(cause as Error).message}`,
      cause,
    });
  }
  const groups = Array.isArray(manifest) ? (manifest as { paths?: unknown }[]) : [];
  const names = groups.flatMap(({ paths }) => (Array.isArray(paths) ? paths.map(String) : []));
  return names.filter((name) => isInside(dirname(path), join(dirname(path), name)));
}

/**
 * All files of a weights file, absolute: itself, and where it is the index of a sharded checkpoint (`weight_map`: tensor
 * name → shard) its shards. Shards that are missing or lie elsewhere are left out: loading tells.
 */
export function weightFiles(path: string): string[] {
  if (!/\.json$/i.test(path)) return [path];
  let table: unknown;
  try {
    table = (JSON.parse(readFileSync(path, 'utf8')) as { weight_map?: unknown } | null)?.weight_map;
  } catch {
    return [path];
  }
  if (typeof table !== 'object' || table === null) return [path];
  const folder = dirname(path);
  const shards = [...new Set(Object.values(table).map(String))].map((name) => join(folder, name));
  return [path, ...shards.filter((file) => isInside(folder, file) && existsSync(file))];
}

/** sha256 of a weights file and all its shards. */
export function digestWeights(path: string): string {
  const files = weightFiles(path);
  return files.length === 1
    ? digestFile(path)
    : digestJson(files.map((file) => [relative(dirname(path), file), digestFile(file)]));
}

/** sha256 of a model: of its one file, else of the list of its files (relative to its folder) with their digests. */
export function digestModel(path: string, format: Format): string {
  const files = modelFiles(path, format);
  if (files[0] !== path || files.length === 1) return digestPath(path);
  const base = dirname(path);
  return digestJson(files.map((file) => [file.slice(base.length + 1).replaceAll('\\', '/'), digestFile(file)]));
}
