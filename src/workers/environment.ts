import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { OnparError } from '../core/errors.ts';
import { digestFile, digestJson } from '../core/hash.ts';
import { ensureInstalled } from './toolchains/install.ts';
import { managedPython } from './toolchains/managed.ts';
import { type Toolchain, toolchain } from './toolchains/manifest.ts';
import type { Pin } from './toolchains/pin.ts';
import { pinnedPython } from './toolchains/pinned-python.ts';
import { type PythonStamp, pythonRecipe } from './toolchains/python-recipe.ts';
import type { InstallListener } from './toolchains/recipe.ts';
import { installedPackages, sitePackages } from './toolchains/site-packages.ts';

/** Which Python the user wants for a model; nothing set = look for one that has the framework, else the managed one. */
export interface PythonChoice {
  /** An interpreter, a virtual environment's folder, or `managed`. */
  readonly python?: string | undefined;
  /** A requirements file: an environment is made from it. */
  readonly requirements?: string | undefined;
  /** One package in another version than the toolchain's lock has it. */
  readonly pin?: Pin | undefined;
  /** An environment to take where it has the framework, else not. */
  readonly preferred?: string | undefined;
  /** Folder in which `.venv` is looked for. */
  readonly root: string;
}

/** An environment that can run a toolchain's host. */
export interface PythonEnvironment {
  readonly kind: 'python';
  readonly toolchain: Toolchain;
  readonly python: string;
  /** As the report shows it: `pytorch (managed)`, `.venv`, a path. */
  readonly label: string;
  readonly pythonVersion: string;
  readonly packages: Readonly<Record<string, string>>;
  /** Part of every key: changes whenever a package does. */
  readonly digest: string;
}

/** The interpreter of a virtual environment. */
export const pythonOf = (venv: string): string =>
  process.platform === 'win32' ? join(venv, 'Scripts', 'python.exe') : join(venv, 'bin', 'python');

/** Finds the environment for a toolchain, installing the managed one when it is needed. */
export async function resolveEnvironment(
  name: string,
  choice: PythonChoice,
  listen: InstallListener,
): Promise<PythonEnvironment> {
  const chain = toolchain(name);
  if (choice.pin !== undefined) return pinned(chain, choice.pin, listen);
  if (choice.requirements !== undefined) return fromRequirements(chain, choice.requirements, listen);
  if (choice.python !== undefined && choice.python !== 'managed') return named(chain, choice.python);
  if (choice.python !== 'managed') {
    const preferred = choice.preferred === undefined ? undefined : venvOf(choice.preferred);
    const own = [preferred, process.env.VIRTUAL_ENV, join(choice.root, '.venv')].find(
      (venv) => venv && hasFramework(venv, chain.framework),
    );
    if (own) return named(chain, own);
  }
  return managed(chain, listen);
}

async function managed(chain: Toolchain, listen: InstallListener): Promise<PythonEnvironment> {
  return {
    kind: 'python',
    toolchain: chain,
    label:
      chain.plugin?.environmentOf == null
        ? `${chain.name} (managed)`
        : `${chain.name} (in ${chain.plugin.environmentOf})`,
    ...pick(await ensureInstalled(managedPython(chain), listen)),
  };
}

async function pinned(chain: Toolchain, pin: Pin, listen: InstallListener): Promise<PythonEnvironment> {
  return {
    kind: 'python',
    toolchain: chain,
    label: `${chain.name} (${pin.package} ${pin.version})`,
    ...pick(await ensureInstalled(pinnedPython(chain, pin), listen)),
  };
}

async function fromRequirements(chain: Toolchain, file: string, listen: InstallListener): Promise<PythonEnvironment> {
  if (!existsSync(file)) {
    throw new OnparError({
      code: 'file-missing',
      message: `requirements file ${file} does not exist`,
      fix: 'mend `requirements:`, or name an environment with `python:`',
    });
  }
  const installed = await ensureInstalled(
    pythonRecipe({
      name: 'requirements',
      lockFile: file,
      lockDigest: digestFile(file),
      sizeMb: null,
      hashed: /--hash=/.test(readFileSync(file, 'utf8')),
    }),
    listen,
  );
  return { kind: 'python', toolchain: chain, label: file, ...pick(installed) };
}

const pick = ({ python, pythonVersion, packages, digest }: PythonStamp): PythonStamp => ({
  python,
  pythonVersion,
  packages,
  digest,
});

function hasFramework(venv: string, framework: string): boolean {
  const folder = sitePackages(venv);
  return folder !== undefined && existsSync(join(folder, framework));
}

const PROBE =
  'import sys, sysconfig; print("%d.%d" % sys.version_info[:2]); print(sysconfig.get_path("purelib")); print(sysconfig.get_path("platlib"))';

/** The folder of an environment that is named by its folder or by its interpreter. */
const venvOf = (path: string): string =>
  existsSync(path) && statSync(path).isDirectory() ? path : dirname(dirname(path));

/** An environment that the user named: a virtual environment's folder or an interpreter. */
async function named(chain: Toolchain, path: string): Promise<PythonEnvironment> {
  const venv = venvOf(path);
  const python = venv === path ? pythonOf(path) : path;
  const quick = existsSync(join(venv, 'pyvenv.cfg')) ? sitePackages(venv) : undefined;
  const known = quick === undefined ? await askPython(python) : { folders: [quick], version: versionOf(quick, venv) };
  const packages = Object.assign({}, ...known.folders.filter((f) => existsSync(f)).map(installedPackages)) as Record<
    string,
    string
  >;
  return {
    kind: 'python',
    toolchain: chain,
    python,
    label: path,
    pythonVersion: known.version,
    packages,
    digest: digestJson([known.version, packages]),
  };
}

/** `3.11` from `lib/python3.11/site-packages`; on Windows from pyvenv.cfg. */
function versionOf(folder: string, venv: string): string {
  const fromPath = /python(3\.\d+)/.exec(folder)?.[1];
  if (fromPath !== undefined) return fromPath;
  return /^version(?:_info)?\s*=\s*(3\.\d+)/m.exec(readFileSync(join(venv, 'pyvenv.cfg'), 'utf8'))?.[1] ?? 'unknown';
}

async function askPython(python: string): Promise<{ version: string; folders: string[] }> {
  const { execa } = await import('execa');
  const result = await execa(python, ['-c', PROBE], { reject: false, timeout: 30_000 });
  const [version, ...folders] = (result.stdout ?? '').split('\n').map((line) => line.trim());
  if (result.exitCode !== 0 || !version) {
    throw new OnparError({
      code: 'python-missing',
      message: `${python} is not a Python interpreter that runs`,
      fix: 'give --python (or `python:`) the path of an interpreter or of a virtual environment’s folder, or `managed`',
      detail: String(result.stderr || result.shortMessage || ''),
    });
  }
  return { version, folders: [...new Set(folders)] };
}
