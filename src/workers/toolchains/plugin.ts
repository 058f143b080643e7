import { existsSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { OnparError } from '../../core/errors.ts';
import { digestFile } from '../../core/hash.ts';
import { addToolchain, type Toolchain, toolchainFrom, toolchains } from './manifest.ts';
import { type ManifestFile, manifestSchema } from './manifest-schema.ts';
import type { PluginPart } from './plugin-part.ts';

/** A case to prove a plug-in's runtime or exporter on, as its author wrote it. */
export interface Example {
  readonly kind: 'runtime' | 'exporter';
  readonly name: string;
  readonly to: string;
  /** Null: the author gave none. */
  readonly case: Readonly<Record<string, unknown>> | null;
}

const bad = (where: string, message: string, fix: string): OnparError =>
  new OnparError({ code: 'bad-plugin', message: `plug-in ${where}: ${message}`, fix });

/** Reads and checks a folder's toolchain.json. Throws OnparError `bad-plugin` that names the key and what it must be. */
export function readManifest(dir: string): ManifestFile {
  const file = join(dir, 'toolchain.json');
  let written: unknown;
  try {
    written = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw bad(file, (error as Error).message, 'write a toolchain.json as docs/plugins.md has it');
  }
  return checkManifest(written, file);
}

export function checkManifest(written: unknown, where: string): ManifestFile {
  const parsed = manifestSchema.safeParse(written);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const key = issue?.path.map(String).join('.') ?? '';
  throw bad(
    where,
    `\`${key || 'the whole'}\`: ${issue?.message ?? 'not as it must be'}`,
    'see docs/plugins.md for every key',
  );
}

/** A folder with toolchain.json and a Python package, made a toolchain like those that ship with onpar. */
export function registerFolder(dir: string): Toolchain {
  const manifest = readManifest(dir);
  if (manifest.language === 'node')
    throw bad(dir, 'a folder’s toolchain is in Python', 'offer Node runtimes as a JavaScript module: docs/plugins.md');
  const inPython = (manifest.exporters ?? []).filter(({ command }) => command === undefined);
  for (const { name, module } of [...(manifest.runtimes ?? []), ...inPython]) {
    if (module === undefined)
      throw bad(dir, `\`${name}\` has no \`module\``, 'name its Python module: `my_toolchain.runtimes.mine`');
    const path = join(dir, ...module.split('.'));
    if (!existsSync(`${path}.py`) && !existsSync(join(path, '__init__.py')))
      throw bad(dir, `the module \`${module}\` of \`${name}\` does not exist`, `looked for ${path}.py`);
  }
  const lock = ['requirements.lock', 'requirements.in'].map((file) => join(dir, file)).find((file) => existsSync(file));
  const environmentOf = manifest.environmentOf ?? null;
  if (lock === undefined && environmentOf === null)
    throw bad(
      dir,
      'there is no requirements.lock or requirements.in, so no environment can be made for it',
      'add one, or share the environment of a toolchain of onpar’s: `"environmentOf": "onnx"`',
    );
  const plugin: PluginPart = { environmentOf, hashed: lock?.endsWith('.lock') ?? false, module: null };
  return register(toolchainFrom(manifest, dir, lock ?? join(dir, 'toolchain.json'), plugin), dir);
}

/** What a JavaScript module offers, made a toolchain whose packages are found from where the module lies. */
export function registerModule(manifest: ManifestFile, path: string): Toolchain {
  const plugin: PluginPart = { environmentOf: null, hashed: false, module: path };
  return register(toolchainFrom({ ...manifest, language: 'node' }, dirname(path), path, plugin), path);
}

function register(made: Toolchain, where: string): Toolchain {
  const known = toolchains().find((t) => t.name === made.name);
  // Two suites may name the same plug-in.
  if (known?.plugin !== undefined && known.dir === made.dir && known.lockDigest === made.lockDigest) return known;
  const taken = (kind: string, name: string, by: string): OnparError =>
    bad(
      where,
      `the ${kind} \`${name}\` exists already, in ${by}`,
      `give it another name: names are what suites choose by`,
    );
  if (known !== undefined) throw taken('toolchain', made.name, known.dir);
  for (const other of toolchains()) {
    const runtime = made.runtimes.find((r) => other.runtimes.some((o) => o.name === r.name));
    if (runtime !== undefined) throw taken('runtime', runtime.name, other.name);
    const exporter = made.exporters.find((e) => other.exporters.some((o) => o.name === e.name));
    if (exporter !== undefined) throw taken('exporter', exporter.name, other.name);
  }
  if (made.runtimes.length + made.exporters.length === 0)
    throw bad(where, 'it offers neither runtimes nor exporters', 'add `runtimes` or `exporters`');
  addToolchain(made);
  return made;
}

/** What proves each runtime and exporter of a plug-in. */
export const examplesOf = (manifest: ManifestFile): Example[] => [
  ...(manifest.runtimes ?? []).map(
    ({ name, example }): Example => ({ kind: 'runtime', name, to: 'same', case: example ?? null }),
  ),
  ...(manifest.exporters ?? []).map(
    ({ name, to, example }): Example => ({ kind: 'exporter', name, to, case: example ?? null }),
  ),
];

/** Digest and version of a plug-in that is a module: its own file, since its packages are found as Node finds them. */
export function modulePlace(path: string): { readonly packages: Record<string, string>; readonly digest: string } {
  const digest = digestFile(path);
  for (let dir = dirname(path); ; dir = dirname(dir)) {
    const file = join(dir, 'package.json');
    if (existsSync(file)) {
      const { name, version } = JSON.parse(readFileSync(file, 'utf8')) as { name?: string; version?: string };
      return { packages: { [name ?? basename(dir)]: version ?? 'unknown' }, digest };
    }
    if (dirname(dir) === dir) return { packages: { [basename(path)]: 'unknown' }, digest };
  }
}
