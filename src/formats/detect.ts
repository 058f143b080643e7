import { existsSync, statSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { OnparError } from '../core/errors.ts';
import { describeContent } from './describe.ts';
import { type Format, KNOWN_FORMATS } from './known.ts';
import { missingFile } from './missing.ts';
import { parseServedAddress } from './served-address.ts';
import { sniffFile } from './sniff.ts';
import { sniffFolder } from './sniff-folder.ts';
import { parseSpec } from './spec.ts';

export interface DetectOptions {
  /** Folder that relative paths start from; the current one by default. */
  readonly root?: string;
  /** False: a file that must be unpickled is refused here, before anything is started. */
  readonly trust?: boolean;
}

export interface DetectedModel {
  readonly format: Format;
  /** Absolute; for `served` the address. */
  readonly path: string;
  /** Set for Python code: the function that builds the model. */
  readonly callable?: string;
}

/** What `file.py` without a callable means. */
const DEFAULT_CALLABLE = 'build';

/**
 * Finds out what a model is. The format comes from the content, not from the extension; `format:path` forces one,
 * `file.py:callable` is code (`pytorch` unless `keras:`, `sklearn:` or `jax:` stands before it), an address is
 * `served` (served-address.ts).
 * OnparError `model-file-missing`, `model-file-empty`, `unrecognised-model`, `unknown-format`, `bad-model-spec`, `served-address` or
 * `trust-required` names the file, what was found and what would fit.
 */
export function detectFormat(spec: string, { root = process.cwd(), trust = true }: DetectOptions = {}): DetectedModel {
  const parsed = parseSpec(spec, (path) => existsSync(resolve(root, path)));
  if (parsed.format === 'served') {
    // What the address cannot mean is told before anything runs.
    parseServedAddress(parsed.path);
    return { format: 'served', path: parsed.path };
  }
  const path = resolve(root, parsed.path);
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) throw missingFile(parsed.path, path);
  // A program that speaks the worker protocol: nothing but saying so tells it from other programs.
  if (parsed.format === 'worker' && stat.isFile() && parsed.callable === undefined) return { format: 'worker', path };
  if (/\.pyw?$/i.test(path) && stat.isFile()) return fromCode(parsed.path, path, parsed);
  if (stat.isDirectory()) return fromFolder(parsed.path, path, parsed.format);
  if (stat.isFile() && stat.size === 0) {
    throw new OnparError({
      code: 'model-file-empty',
      message: `${parsed.path} is empty`,
      fix: 'export or download it again',
    });
  }
  // The file that a SavedModel folder is recognised by stands for the folder.
  if (basename(path) === 'saved_model.pb' && (parsed.format ?? 'savedmodel') === 'savedmodel') {
    return { format: 'savedmodel', path: dirname(path) };
  }
  const found = sniffFile(path);
  const format = parsed.format ?? found?.format;
  if (format === undefined) throw unrecognised(parsed.path, path);
  if (found?.pickle === true && found.format === format && !trust) throw untrusted(parsed.path, format);
  return { format, path };
}

function fromCode(
  shown: string,
  path: string,
  { format = 'pytorch', callable }: { format?: Format; callable?: string },
): DetectedModel {
  if (format === 'pytorch' || format === 'keras' || format === 'sklearn' || format === 'jax') {
    return { format, path, callable: callable ?? DEFAULT_CALLABLE };
  }
  throw new OnparError({
    code: 'bad-model-spec',
    message: `${shown} is Python code, which builds no ${format} model`,
    fix: `write \`pytorch:${shown}\`, \`keras:${shown}\`, \`sklearn:${shown}\` or \`jax:${shown}\``,
  });
}

function fromFolder(shown: string, path: string, forced: Format | undefined): DetectedModel {
  const found = sniffFolder(path);
  const format = forced ?? found.format;
  if (format !== undefined) return { format, path: found.path ?? path };
  throw new OnparError({
    code: 'unrecognised-model',
    message: `${shown} is a folder without saved_model.pb; it holds ${found.holds}`,
    fix:
      found.model === undefined
        ? 'name a SavedModel folder or a model file'
        : `did you mean \`${shown.replace(/[/\\]$/, '')}/${found.model}\`?`,
  });
}

function unrecognised(shown: string, path: string): OnparError {
  const { what, fix } = describeContent(path);
  return new OnparError({
    code: 'unrecognised-model',
    message: `${shown} is ${what}, not a model that onpar knows`,
    fix: fix ?? `formats: ${KNOWN_FORMATS.join(', ')}; force one with \`format:path\`, name code as \`model.py:build\``,
  });
}

const untrusted = (shown: string, format: Format): OnparError =>
  new OnparError({
    code: 'trust-required',
    message: `${shown} is ${format === 'torch-export' ? 'an exported PyTorch program, and loading one' : 'a pickle, and loading a pickle'} runs whatever code it holds`,
    fix: 'if you trust whoever made it, say `trust: true` in the suite or give --trust',
  });
