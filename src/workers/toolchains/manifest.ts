import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { OnparError } from '../../core/errors.ts';
import { sha256 } from '../../core/hash.ts';
import { allowedValues } from '../../core/nearest.ts';
import { packageRoot } from '../../core/paths.ts';
import type { ExporterInfo, OptionSpec, RuntimeInfo } from '../../records/catalogue.ts';
import type { VariantKind } from '../../records/variant.ts';

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
}

interface ManifestFile {
  name: string;
  title: string;
  language?: 'python' | 'node';
  framework: string;
  needs?: string[];
  build?: string;
  browser?: boolean;
  uses?: string[];
  installedMb: number;
  installedMbCpu?: number | null;
  exporters?: { name: string; from: string[]; to: string; default?: boolean; options?: Record<string, OptionSpec> }[];
  runtimes?: {
    name: string;
    formats: string[];
    reference?: boolean;
    options?: Record<string, OptionSpec>;
    variants?: VariantKind[];
    unoptimised?: Record<string, unknown>;
  }[];
}

export const convertersFolder: string = join(packageRoot, 'converters');

let loaded: readonly Toolchain[] | undefined;

/** Every toolchain that ships with onpar, by reading `converters/<name>/toolchain.json`; no process is started. */
export function toolchains(): readonly Toolchain[] {
  loaded ??= readdirSync(convertersFolder)
    .sort()
    .filter((name) => existsSync(join(convertersFolder, name, 'toolchain.json')))
    .map(readToolchain);
  return loaded;
}

function readToolchain(folder: string): Toolchain {
  const dir = join(convertersFolder, folder);
  const manifest = JSON.parse(readFileSync(join(dir, 'toolchain.json'), 'utf8')) as ManifestFile;
  const language = manifest.language ?? 'python';
  const lockFile = join(dir, language === 'python' ? 'requirements.lock' : 'package-lock.json');
  return {
    name: manifest.name,
    title: manifest.title,
    dir,
    language,
    framework: manifest.framework,
    needs: manifest.needs ?? [],
    build: manifest.build === undefined ? null : join(dir, manifest.build),
    browser: manifest.browser ?? false,
    uses: manifest.uses ?? [],
    installedMb: manifest.installedMb,
    installedMbCpu: manifest.installedMbCpu ?? null,
    lockFile,
    lockDigest: sha256(readFileSync(lockFile)),
    exporters: (manifest.exporters ?? []).map((e) => ({
      name: e.name,
      from: e.from,
      to: e.to,
      toolchain: manifest.name,
      options: e.options ?? {},
      isDefault: e.default ?? false,
    })),
    runtimes: (manifest.runtimes ?? []).map((r) => ({
      name: r.name,
      formats: r.formats,
      toolchain: manifest.name,
      options: r.options ?? {},
      isReference: r.reference ?? false,
      ...(r.variants === undefined ? {} : { variants: r.variants }),
      ...(r.unoptimised === undefined ? {} : { unoptimised: r.unoptimised }),
    })),
  };
}

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
