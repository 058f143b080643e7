import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { OnparError } from '../../core/errors.ts';
import { digestJson } from '../../core/hash.ts';
import { toolchainsFolder } from '../../core/paths.ts';
import { withFolderLock } from './folder-lock.ts';
import { findInterpreter, type Interpreter } from './interpreter.ts';
import { installedPackages, sitePackages } from './site-packages.ts';
import { findUv, uvEnvironment } from './uv.ts';

/** What is to be installed: a locked set of requirements with a name for messages. */
export interface EnvironmentSpec {
  readonly name: string;
  readonly lockFile: string;
  readonly lockDigest: string;
  readonly sizeMb: number | null;
  /** `requirements.txt` of a user's: no hashes are asked for. */
  readonly hashed: boolean;
  /** The direct requirements, used instead of the lock when another torch index is chosen. */
  readonly requirementsFile?: string;
}

export interface InstalledEnvironment {
  readonly dir: string;
  readonly python: string;
  readonly pythonVersion: string;
  readonly packages: Readonly<Record<string, string>>;
  /** Changes whenever a package does. */
  readonly digest: string;
}

export type InstallListener = (toolchain: string, message: string, done: boolean) => void;

const STAMP = 'onpar-environment.json';

/** uv's name of the torch index to use: `cpu` saves gigabytes where that index can be reached. */
const torchBackend = (): string | undefined =>
  process.env.ONPAR_TORCH_BACKEND || process.env.UV_TORCH_BACKEND || undefined;

const usesBackend = (spec: EnvironmentSpec): string | undefined =>
  torchBackend() !== undefined && /^torch==/m.test(readFileSync(spec.lockFile, 'utf8')) ? torchBackend() : undefined;

function prefixOf(spec: EnvironmentSpec): string {
  const backend = usesBackend(spec);
  const kind = backend === undefined ? '' : `-${backend}`;
  return `${spec.name}-${spec.lockDigest.slice(0, 12)}${kind}-${process.platform}-${process.arch}-py`;
}

function readStamp(dir: string): InstalledEnvironment | undefined {
  try {
    const stamp = JSON.parse(readFileSync(join(dir, STAMP), 'utf8')) as Omit<InstalledEnvironment, 'dir'>;
    return existsSync(stamp.python) ? { dir, ...stamp } : undefined;
  } catch {
    return undefined;
  }
}

/** The environment if it is complete; looking costs a folder listing, no process. */
export function findInstalled(spec: EnvironmentSpec): InstalledEnvironment | undefined {
  const root = toolchainsFolder();
  if (!existsSync(root)) return undefined;
  const prefix = prefixOf(spec);
  for (const name of readdirSync(root).sort()) {
    if (!name.startsWith(prefix) || name.endsWith('.lock')) continue;
    const found = readStamp(join(root, name));
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The environment, installed when it is not there yet. Two processes that want the same one install it once. */
export async function ensureInstalled(spec: EnvironmentSpec, listen: InstallListener): Promise<InstalledEnvironment> {
  const ready = findInstalled(spec);
  if (ready !== undefined) return ready;
  const interpreter = await findInterpreter();
  const uv = await findUv(interpreter, (message) => listen(spec.name, message, false));
  const dir = join(toolchainsFolder(), `${prefixOf(spec)}${interpreter.version}`);
  return withFolderLock(
    dir,
    () => listen(spec.name, 'waiting for another onpar that installs it', false),
    async () => readStamp(dir) ?? (await install(spec, dir, interpreter, uv, listen)),
  );
}

async function install(
  spec: EnvironmentSpec,
  dir: string,
  interpreter: Interpreter,
  uv: string,
  listen: InstallListener,
): Promise<InstalledEnvironment> {
  checkSpace(spec);
  const size =
    spec.sizeMb === null
      ? ''
      : ` (about ${spec.sizeMb >= 1000 ? `${(spec.sizeMb / 1000).toFixed(1)} GB` : `${spec.sizeMb} MB`} on disk)`;
  listen(spec.name, `installing${size}`, false);
  const started = Date.now();
  const heartbeat = setInterval(
    () => listen(spec.name, `still installing, ${Math.round((Date.now() - started) / 1000)} s`, false),
    10_000,
  );
  try {
    rmSync(dir, { recursive: true, force: true });
    mkdirSync(dir, { recursive: true });
    const env = { ...process.env, ...uvEnvironment() };
    const { execa } = await import('execa');
    await execa(uv, ['venv', '--quiet', '--python', interpreter.path, dir], { env });
    const python = process.platform === 'win32' ? join(dir, 'Scripts', 'python.exe') : join(dir, 'bin', 'python');
    await execa(uv, installArguments(spec, dir, python), { env, all: true });
    const packages = installedPackages(sitePackages(dir) ?? dir);
    const stamp = {
      python,
      pythonVersion: interpreter.version,
      packages,
      digest: digestJson([interpreter.version, packages]),
    };
    // Written last: a folder without its stamp was never finished and is made again.
    writeFileSync(join(dir, STAMP), `${JSON.stringify(stamp, null, 1)}\n`);
    listen(spec.name, `installed in ${Math.round((Date.now() - started) / 1000)} s`, true);
    return { dir, ...stamp };
  } catch (error) {
    rmSync(dir, { recursive: true, force: true });
    throw new OnparError({
      code: 'toolchain-install-failed',
      message: `the toolchain \`${spec.name}\` could not be installed into ${dir}`,
      fix: 'see the last lines of uv below: a package index that cannot be reached (set UV_DEFAULT_INDEX), a full disk, or a changed hash; or name your own environment with --python',
      detail: String((error as { all?: string }).all ?? (error as Error).message).slice(-2000),
      exitCode: 3,
      cause: error,
    });
  } finally {
    clearInterval(heartbeat);
  }
}

function installArguments(spec: EnvironmentSpec, dir: string, python: string): string[] {
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

/** Fails before gigabytes are fetched for a disk that cannot hold them. */
function checkSpace({ name, sizeMb }: EnvironmentSpec): void {
  if (sizeMb === null) return;
  const root = toolchainsFolder();
  mkdirSync(root, { recursive: true });
  const { bavail, bsize } = statfsSync(root);
  const freeMb = (bavail * bsize) / 1e6;
  if (freeMb < sizeMb) {
    throw new OnparError({
      code: 'disk-full',
      message: `the toolchain \`${name}\` needs about ${sizeMb} MB, ${root} has ${Math.round(freeMb)} MB free`,
      fix: 'free some space, or set ONPAR_TOOLCHAINS to a folder on another disk',
      exitCode: 3,
    });
  }
}
