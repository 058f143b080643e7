import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { totalmem } from 'node:os';
import { delimiter, join } from 'node:path';

export interface Limits {
  /** Address space in bytes; null: none. */
  readonly memoryBytes: number | null;
  readonly network: boolean;
}

const GIB = 1024 ** 3;

/**
 * Address space a worker may take: the machine's memory, at least 16 GiB, because frameworks and WebAssembly
 * reserve far more addresses than they touch (bare Node with WebAssembly needs 16 GiB).
 */
export const defaultMemoryLimit = (): number => Math.max(16 * GIB, totalmem());

const onPath = new Map<string, string | null>();

function which(name: string): string | null {
  const known = onPath.get(name);
  if (known !== undefined) return known;
  let found: string | null = null;
  for (const dir of (process.env.PATH ?? '').split(delimiter)) {
    const path = join(dir, name);
    try {
      accessSync(path, constants.X_OK);
      found = path;
      break;
    } catch {
      // Not in this folder.
    }
  }
  onPath.set(name, found);
  return found;
}

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
  { memoryBytes, network }: Limits,
): { command: readonly string[]; applied: string[] } {
  const applied: string[] = [];
  let confined = command;
  const prlimit = process.platform === 'linux' && memoryBytes !== null ? which('prlimit') : null;
  if (prlimit !== null && memoryBytes !== null) {
    confined = [prlimit, `--as=${memoryBytes}`, '--', ...confined];
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
  'OMP_NUM_THREADS',
  'MKL_NUM_THREADS',
  'OPENBLAS_NUM_THREADS',
  'ONPAR_TOOLCHAINS',
  'XDG_CACHE_HOME',
  'HF_HOME',
  'TORCH_HOME',
  'KERAS_HOME',
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
