import { spawnSync } from 'node:child_process';
import { totalmem } from 'node:os';
import { nvidiaDriver } from './nvidia.ts';
import { which } from './which.ts';

export interface Limits {
  /** Memory in bytes that each process may take; null: no limit. */
  readonly memoryBytes: number | null;
  /**
   * What is counted: the whole address space, or with `data` only what a process can write to. Browsers reserve terabytes
   * of addresses that they never touch, and so does CUDA: where an NVIDIA driver is loaded, `data` is what is counted.
   */
  readonly counted?: 'addresses' | 'data';
  readonly network: boolean;
}

const GIB = 1024 ** 3;

/**
 * Address space a worker may take: the machine's memory, at least 16 GiB, because frameworks and WebAssembly
 * reserve far more addresses than they touch (bare Node with WebAssembly needs 16 GiB).
 */
export const defaultMemoryLimit = (): number => Math.max(16 * GIB, totalmem());

let prlimit: string | null | undefined;

let unshareWorks: readonly string[] | null | undefined;

/** How this system starts a process without network: `unshare -n` as root, `-rn` where user namespaces are on, else null. */
function networkWall(): readonly string[] | null {
  if (unshareWorks !== undefined) return unshareWorks;
  unshareWorks = null;
  const unshare = process.platform === 'linux' ? which('unshare') : null;
  if (unshare !== null) {
    const flags = process.getuid?.() === 0 ? '-n' : '-rn';
    if (spawnSync(unshare, [flags, 'true'], { stdio: 'ignore', timeout: 2000 }).status === 0)
      unshareWorks = [unshare, flags, '--'];
  }
  return unshareWorks;
}

/**
 * Wraps a command so that it runs inside the limits. Both wrappers replace themselves by the command,
 * so the process id stays the child's and file descriptor 3 passes through.
 */
export function confine(
  command: readonly string[],
  { memoryBytes, counted = nvidiaDriver() === null ? 'addresses' : 'data', network }: Limits,
): { command: readonly string[]; applied: string[] } {
  const applied: string[] = [];
  let confined = command;
  if (process.platform === 'linux' && memoryBytes !== null) prlimit ??= which('prlimit');
  if (prlimit && memoryBytes !== null) {
    confined = [prlimit, `--${counted === 'data' ? 'data' : 'as'}=${memoryBytes}`, '--', ...confined];
    applied.push(`memory ${Math.round(memoryBytes / GIB)} GiB`);
  }
  const wall = network ? null : networkWall();
  if (wall !== null) {
    confined = [...wall, ...confined];
    applied.push('no network');
  }
  return { command: confined, applied };
}

/** Variables that a worker may see. Everything else (tokens, proxies, PYTHONPATH of the caller) stays outside. */
const KEPT = [
  'PATH',
  'HOME',
  'USER',
  'LANG',
  'LC_ALL',
  'TZ',
  'TMPDIR',
  'TEMP',
  'TMP',
  'SYSTEMROOT',
  'WINDIR',
  'LOCALAPPDATA',
  'APPDATA',
  'LD_LIBRARY_PATH',
  'DYLD_LIBRARY_PATH',
  'CUDA_VISIBLE_DEVICES',
  'CUDA_HOME',
  'CUDA_DEVICE_ORDER',
  'OMP_NUM_THREADS',
  'MKL_NUM_THREADS',
  'OPENBLAS_NUM_THREADS',
  'ONPAR_TOOLCHAINS',
  'XDG_CACHE_HOME',
  'HF_HOME',
  'TORCH_HOME',
  'KERAS_HOME',
  'CHROMIUM_PATH',
  'PROGRAMFILES',
  'PROGRAMFILES(X86)',
] as const;

/** A cleaned environment for a worker, plus the variables that every worker gets. */
export function workerEnvironment(extra: Readonly<Record<string, string>> = {}): Record<string, string> {
  const env: Record<string, string> = {};
  for (const name of KEPT) {
    const value = process.env[name];
    if (value !== undefined) env[name] = value;
  }
  return {
    ...env,
    ORT_DISABLE_TELEMETRY: '1',
    TF_CPP_MIN_LOG_LEVEL: '2',
    PYTHONUNBUFFERED: '1',
    PYTHONNOUSERSITE: '1',
    PYTHONHASHSEED: '0',
    PYTHONIOENCODING: 'utf-8',
    ...extra,
  };
}
