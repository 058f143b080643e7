import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { OnparError } from '../core/errors.ts';
import { BUNDLE_SCHEMA_VERSION, type Bundle, bundle as bundleSchema } from '../records/bundle.ts';

/**
 * Reads and checks a bundle's bundle.json, and that its files are there; `path` is the folder or that file. OnparError
 * `not-a-bundle` or `newer-bundle` otherwise.
 */
export function readBundle(path: string): { readonly bundle: Bundle; readonly folder: string } {
  const file = path.endsWith('bundle.json') ? path : join(path, 'bundle.json');
  const bad = (message: string, cause?: unknown): OnparError =>
    new OnparError({
      code: 'not-a-bundle',
      message,
      fix: 'name a folder that `onpar investigate RUN --reduce` wrote, whole',
      ...(cause === undefined ? {} : { cause }),
    });
  if (!existsSync(file)) throw bad(`${path} is not a bundle: ${file} does not exist`);
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw bad(`${file} is not JSON: ${(error as Error).message}`, error);
  }
  const version = (json as { schemaVersion?: unknown } | null)?.schemaVersion;
  if (typeof version === 'number' && version > BUNDLE_SCHEMA_VERSION) {
    throw new OnparError({
      code: 'newer-bundle',
      message: `${file} has schemaVersion ${version}; this onpar reads up to ${BUNDLE_SCHEMA_VERSION}`,
      fix: 'use the onpar that wrote it, or a newer one',
    });
  }
  const parsed = bundleSchema.safeParse(json);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw bad(`${file} is not a bundle: ${issue?.path.join('.')}: ${issue?.message}`);
  }
  const folder = resolve(dirname(file));
  const { model, inputs, expected } = parsed.data;
  for (const name of [model, inputs, expected])
    if (name !== null && !existsSync(join(folder, name))) throw bad(`${folder} lacks ${name}`);
  return { bundle: parsed.data, folder };
}
