import { existsSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, isAbsolute, join } from 'node:path';
import { OnparError } from '../core/errors.ts';
import { importPlugin, type Plugin } from '../observe/plugin.ts';
import type { Toolchain } from '../workers/toolchains/manifest.ts';
import type { ManifestFile } from '../workers/toolchains/manifest-schema.ts';
import {
  checkManifest,
  type Example,
  examplesOf,
  readManifest,
  registerFolder,
  registerModule,
} from '../workers/toolchains/plugin.ts';

/** A plug-in that is registered, and what its author proves it on. */
export interface LoadedPlugin {
  readonly toolchain: Toolchain;
  /** Folder of the examples. */
  readonly dir: string;
  readonly examples: readonly Example[];
}

/** Loads plug-ins, in order: from then on planning chooses from what they offer. `root` is where modules are found from. */
export async function loadPlugins(names: readonly string[], root: string): Promise<LoadedPlugin[]> {
  const loaded: LoadedPlugin[] = [];
  for (const name of names) loaded.push(await loadPlugin(name, root));
  return loaded;
}

export async function loadPlugin(name: string, root: string): Promise<LoadedPlugin> {
  if (isAbsolute(name) && existsSync(join(name, 'toolchain.json'))) {
    const toolchain = registerFolder(name);
    return { toolchain, dir: name, examples: examplesOf(readManifest(name)) };
  }
  const path = resolveModule(name, root);
  const plugin = await importPlugin(path);
  const manifest = checkManifest(manifestOf(plugin), path);
  for (const runtime of plugin.runtimes ?? []) {
    if (typeof runtime.load === 'function') continue;
    throw new OnparError({
      code: 'bad-plugin',
      message: `plug-in ${path}: the runtime \`${runtime.name}\` has no function \`load\``,
      fix: 'load(packages) gives back { name, version, open(path, options) }: docs/plugins.md',
    });
  }
  const toolchain = registerModule(manifest, path);
  return { toolchain, dir: dirname(path), examples: examplesOf(manifest) };
}

function resolveModule(name: string, root: string): string {
  const missing = (cause?: unknown): OnparError =>
    new OnparError({
      code: 'plugin-missing',
      message: `plug-in \`${name}\` was not found${isAbsolute(name) ? '' : ` from ${root}`}`,
      fix: isAbsolute(name)
        ? 'name a folder with a toolchain.json, or a JavaScript file'
        : `install it (npm install ${name}), or write a path: ./${name}`,
      cause,
    });
  if (isAbsolute(name) && !existsSync(name)) throw missing();
  if (isAbsolute(name) && statSync(name).isFile()) return name;
  try {
    return createRequire(join(root, 'onpar.yaml')).resolve(name);
  } catch (error) {
    throw missing(error);
  }
}

/** A plug-in in JavaScript says the same as a toolchain.json. */
const manifestOf = ({ name, runtimes, exporters }: Plugin): ManifestFile =>
  ({ name, framework: name, language: 'node', runtimes, exporters }) as unknown as ManifestFile;
