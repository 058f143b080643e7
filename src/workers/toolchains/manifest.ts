import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { OnparError } from '../../core/errors.ts';
import { sha256 } from '../../core/hash.ts';
import { allowedValues } from '../../core/nearest.ts';
import { packageRoot } from '../../core/paths.ts';
import type { ExporterInfo, OptionSpec, RuntimeInfo } from '../../records/catalogue.ts';
import type { ManifestFile } from './manifest-schema.ts';
import { pluginCommand } from './plugin-command.ts';
import type { PluginPart } from './plugin-part.ts';

type ManifestOptions = NonNullable<ManifestFile['runtimes']>[number]['options'];

/** A folder under `converters/`: a locked environment that offers exporters and runtimes. */
export interface Toolchain {
  readonly name: string;
  readonly title: string;
  readonly dir: string;
  /** What its host is written in, and so how its packages are installed: uv for Python, npm for Node. */
  readonly language: 'python' | 'node';
  /** Python: the top-level import that tells whether a user's own environment can stand in. Node: the main package. */
  readonly framework: string;
  /** Toolchains whose packages this one uses too: a library inside a Python wheel, loaded from Node. */
  readonly needs: readonly string[];
  /** Node: a script that finishes what install scripts, which stay off, would have done. */
  readonly build: string | null;
  /** Its runtimes execute models in a Chromium of this machine's. */
  readonly browser: boolean;
  /** Toolchains whose code this one runs too: it loads models as they do. */
  readonly uses: readonly string[];
  readonly installedMb: number;
  readonly installedMbCpu: number | null;
  readonly lockFile: string;
  readonly lockDigest: string;
  readonly exporters: readonly ExporterInfo[];
  readonly runtimes: readonly RuntimeInfo[];
  /** Set for what comes from outside the tree. */
  readonly plugin?: PluginPart;
}

export const convertersFolder: string = join(packageRoot, 'converters');

let loaded: readonly Toolchain[] | undefined;
const added: Toolchain[] = [];

/** Every toolchain that ships with onpar, by reading `converters/<name>/toolchain.json`, then plug-ins; no process is started. */
export function toolchains(): readonly Toolchain[] {
  loaded ??= readdirSync(convertersFolder)
    .sort()
    .filter((name) => existsSync(join(convertersFolder, name, 'toolchain.json')))
    .map(readToolchain);
  return added.length === 0 ? loaded : [...loaded, ...added];
}

/** From now on it is chosen from like those that ship with onpar. */
export const addToolchain = (chain: Toolchain): void => void added.push(chain);

function readToolchain(folder: string): Toolchain {
  const dir = join(convertersFolder, folder);
  const manifest = JSON.parse(readFileSync(join(dir, 'toolchain.json'), 'utf8')) as ManifestFile;
  const lock = manifest.language === 'node' ? 'package-lock.json' : 'requirements.lock';
  return toolchainFrom(manifest, dir, join(dir, lock));
}

/** A toolchain of what a manifest says; `plugin` where it comes from outside. */
export function toolchainFrom(manifest: ManifestFile, dir: string, lockFile: string, plugin?: PluginPart): Toolchain {
  return {
    name: manifest.name,
    title: manifest.title ?? manifest.name,
    dir,
    language: manifest.language ?? 'python',
    framework: manifest.framework,
    needs: manifest.needs ?? [],
    build: manifest.build === undefined ? null : join(dir, manifest.build),
    browser: manifest.browser ?? false,
    uses: manifest.uses ?? [],
    installedMb: manifest.installedMb ?? 0,
    installedMbCpu: manifest.installedMbCpu ?? null,
    lockFile,
    lockDigest: sha256(readFileSync(lockFile)),
    ...(plugin === undefined ? {} : { plugin }),
    exporters: (manifest.exporters ?? []).map((e) => ({
      name: e.name,
      from: e.from,
      to: e.to,
      toolchain: manifest.name,
      options: optionsOf(e.options),
      isDefault: e.default ?? false,
      ...(e.command === undefined ? {} : { byCommand: pluginCommand({ ...e, command: e.command }, dir, lockFile) }),
    })),
    runtimes: (manifest.runtimes ?? []).map((r) => ({
      name: r.name,
      formats: r.formats,
      toolchain: manifest.name,
      options: optionsOf(r.options),
      isReference: r.reference ?? false,
      ...(r.package === undefined ? {} : { package: onThisSystem(r.package) }),
      ...(r.variants === undefined ? {} : { variants: r.variants }),
      ...(r.taps === undefined ? {} : { taps: r.taps }),
      ...(r.unoptimised === undefined ? {} : { unoptimised: r.unoptimised }),
    })),
  };
}

const optionsOf = (written: ManifestOptions): Readonly<Record<string, OptionSpec>> =>
  (written ?? {}) as Readonly<Record<string, OptionSpec>>;

/** Builds without a GPU have a name of their own, but for macOS, which has no other. */
const onThisSystem = (distribution: string): string =>
  process.platform === 'darwin' ? distribution.replace(/-cpu$/, '') : distribution;

export function toolchain(name: string): Toolchain {
  const all = toolchains();
  const found = all.find((t) => t.name === name);
  if (found === undefined) {
    throw new OnparError({
      code: 'unknown-toolchain',
      message: `there is no toolchain \`${name}\``,
      fix: allowedValues(
        name,
        all.map((t) => t.name),
      ),
    });
  }
  return found;
}
