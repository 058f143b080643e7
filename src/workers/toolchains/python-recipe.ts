import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { digestJson } from '../../core/hash.ts';
import { findInterpreter, type Interpreter } from './interpreter.ts';
import type { Recipe, Stamp } from './recipe.ts';
import { installedPackages, sitePackages } from './site-packages.ts';
import { findUv, uvEnvironment } from './uv.ts';

/** What is to be installed: a locked set of requirements with a name for messages. */
export interface PythonSpec {
  readonly name: string;
  readonly lockFile: string;
  readonly lockDigest: string;
  readonly sizeMb: number | null;
  /** `requirements.txt` of a user's: no hashes are asked for. */
  readonly hashed: boolean;
  /** The direct requirements, used instead of the lock when another torch index is chosen. */
  readonly requirementsFile?: string;
}

export interface PythonStamp extends Stamp {
  /** The environment's own interpreter. */
  readonly python: string;
  readonly pythonVersion: string;
}

/** uv's name of the torch index to use: `cpu` saves gigabytes where that index can be reached. */
export const torchBackend = (): string | undefined =>
  process.env.ONPAR_TORCH_BACKEND || process.env.UV_TORCH_BACKEND || undefined;

const usesBackend = (spec: PythonSpec): string | undefined =>
  torchBackend() !== undefined && /^torch==/m.test(readFileSync(spec.lockFile, 'utf8')) ? torchBackend() : undefined;

function prefixOf(spec: PythonSpec): string {
  const backend = usesBackend(spec);
  const kind = backend === undefined ? '' : `-${backend}`;
  return `${spec.name}-${spec.lockDigest.slice(0, 12)}${kind}-${process.platform}-${process.arch}-py`;
}

/** A virtual environment, made with uv from a lock with hashes. */
export const pythonRecipe = (spec: PythonSpec): Recipe<PythonStamp> => ({
  name: spec.name,
  sizeMb: spec.sizeMb,
  prefix: prefixOf(spec),
  isSound: soundPython,
  fix: 'see the last lines of uv below: a package index that cannot be reached (set UV_DEFAULT_INDEX), a full disk, or a changed hash; or name your own environment with --python',
  async prepare(say) {
    const interpreter = await findInterpreter();
    const uv = await findUv(interpreter, say);
    return {
      folder: `${prefixOf(spec)}${interpreter.version}`,
      make: (dir, signal) =>
        makeEnvironment({ uv, interpreter, dir, signal }, async (python) => {
          const { execa } = await import('execa');
          await execa(uv, installArguments(spec, dir, python), {
            env: { ...process.env, ...uvEnvironment() },
            all: true,
            cancelSignal: signal,
          });
        }),
    };
  },
});

/** Whether the interpreter of an environment is there (what it was made from may have been removed), and every package. */
export function soundPython(dir: string, { python, packages }: PythonStamp): boolean {
  if (!existsSync(python)) return false;
  const folder = sitePackages(dir);
  if (folder === undefined || !existsSync(folder)) return false;
  const has = installedPackages(folder);
  return Object.entries(packages).every(([name, version]) => has[name] === version);
}

export interface EnvironmentPlace {
  readonly uv: string;
  readonly interpreter: Interpreter;
  readonly dir: string;
  readonly signal: AbortSignal;
}

/** A virtual environment in a folder, filled by `fill`, and what there is to remember of it. */
export async function makeEnvironment(
  { uv, interpreter, dir, signal }: EnvironmentPlace,
  fill: (python: string) => Promise<void>,
): Promise<PythonStamp> {
  const { execa } = await import('execa');
  const env = { ...process.env, ...uvEnvironment() };
  await execa(uv, ['venv', '--quiet', '--python', interpreter.path, dir], { env, cancelSignal: signal });
  const python = process.platform === 'win32' ? join(dir, 'Scripts', 'python.exe') : join(dir, 'bin', 'python');
  await fill(python);
  const packages = installedPackages(sitePackages(dir) ?? dir);
  return {
    python,
    pythonVersion: interpreter.version,
    packages,
    digest: digestJson([interpreter.version, packages]),
  };
}

function installArguments(spec: PythonSpec, dir: string, python: string): string[] {
  const backend = usesBackend(spec);
  // First imports of torch and TensorFlow take three times as long without compiled bytecode, and workers write none.
  const common = ['--quiet', '--compile-bytecode', '--python', python];
  if (backend !== undefined && spec.requirementsFile !== undefined) {
    // Another index has other wheels, so the lock's hashes cannot hold there; its versions still do.
    const constraints = join(dir, 'constraints.txt');
    writeFileSync(constraints, versionsOnly(readFileSync(spec.lockFile, 'utf8')));
    return [
      'pip',
      'install',
      ...common,
      '--torch-backend',
      backend,
      '--constraint',
      constraints,
      '-r',
      spec.requirementsFile,
    ];
  }
  return spec.hashed
    ? ['pip', 'sync', ...common, '--require-hashes', spec.lockFile]
    : ['pip', 'install', ...common, '-r', spec.lockFile];
}

/** The lock's `name==version` lines without hashes, and without what only the CUDA build of torch needs. */
export const versionsOnly = (lock: string): string =>
  `${lock
    .split('\n')
    .filter((line) => /^[A-Za-z0-9]/.test(line) && !/^(nvidia-|cuda-|triton)/.test(line))
    .map((line) => line.replace(/\s*\\$/, ''))
    .join('\n')}\n`;
