import { mkdirSync, rmSync, statfsSync } from 'node:fs';
import { OnparError } from '../../core/errors.ts';
import { toolchainsFolder } from '../../core/paths.ts';
import { endInstalls } from '../../workers/toolchains/install.ts';
import { ensureManaged } from '../../workers/toolchains/managed.ts';
import { type Toolchain, toolchain, toolchains } from '../../workers/toolchains/manifest.ts';
import { inspect } from '../../workers/toolchains/state.ts';
import { interruptible } from './interruptible.ts';
import { createProgress, type Progress } from './progress.ts';
import { sizeWords } from './sizes.ts';

/** Installers at work at the same time: each of them fetches in parallel already. */
const AT_ONCE = 3;

/** `onpar toolchain install NAME… | --all`: sizes first, then all of them side by side. */
export async function installToolchains(names: readonly string[], all: boolean): Promise<number> {
  if (names.length === 0 && !all)
    throw new OnparError({
      code: 'usage',
      message: '`onpar toolchain install` needs a name or --all',
      fix: `toolchains: ${toolchains()
        .map((t) => t.name)
        .join(', ')}`,
    });
  const wanted = all ? [...toolchains()] : [...new Set(names)].map(toolchain);
  const states = new Map(wanted.map((chain) => [chain, inspect(chain)]));
  const missing = wanted.filter((chain) => states.get(chain)?.state !== 'installed');
  const bytes = missing.reduce((sum, chain) => sum + chain.installedMb * 1e6, 0);
  announce(wanted, missing, bytes);
  for (const chain of missing) {
    const { state, dir } = states.get(chain) ?? {};
    // It looks complete by its stamp, so that nothing else would make it anew.
    if (state === 'broken' && dir != null) rmSync(dir, { recursive: true, force: true });
  }
  const progress = createProgress(
    wanted.map(({ name, installedMb }) => ({ name, size: sizeWords(installedMb * 1e6) })),
  );
  for (const chain of wanted.filter((c) => !missing.includes(c))) progress.done(chain.name, 'is installed');
  let failures: unknown[] = [];
  const interrupted = await interruptible(async (signal) => {
    signal.addEventListener('abort', endInstalls);
    failures = await installAll(missing, progress, signal);
    return signal.aborted;
  }).finally(() => progress.stop());
  if (interrupted) {
    process.stderr.write('\nonpar: interrupted; what was complete is kept, nothing half made is left\n');
    return 130;
  }
  if (failures.length > 0) throw failures[0];
  return 0;
}

/** How much is to come, before anything is fetched; refuses what the disk cannot hold. */
function announce(wanted: readonly Toolchain[], missing: readonly Toolchain[], bytes: number): void {
  const root = toolchainsFolder();
  mkdirSync(root, { recursive: true });
  const { bavail, bsize } = statfsSync(root);
  const free = bavail * bsize;
  if (free < bytes)
    throw new OnparError({
      code: 'disk-full',
      message: `${missing.length} toolchains need about ${sizeWords(bytes)}, ${root} has ${sizeWords(free)} free`,
      fix: `free some space, set ONPAR_TOOLCHAINS to a folder on another disk, or install fewer: ${missing
        .map((t) => `${t.name} ${sizeWords(t.installedMb * 1e6)}`)
        .join(', ')}`,
      exitCode: 3,
    });
  const count = `${wanted.length} toolchain${wanted.length === 1 ? '' : 's'}`;
  process.stderr.write(
    missing.length === 0
      ? `${count} · nothing to install\n`
      : `${count} · ${missing.length} to install, about ${sizeWords(bytes)} of ${sizeWords(free)} free in ${root}\n`,
  );
}

async function installAll(chains: readonly Toolchain[], progress: Progress, signal: AbortSignal): Promise<unknown[]> {
  // The largest first: it takes longest, and the others fit beside it.
  const waiting = [...chains].sort((a, b) => b.installedMb - a.installedMb);
  const failures: unknown[] = [];
  const next = async (): Promise<void> => {
    for (let chain = waiting.shift(); chain !== undefined && !signal.aborted; chain = waiting.shift()) {
      const { name } = chain;
      progress.begin(name, 'installing');
      try {
        await ensureManaged(chain, (of, message, done) => {
          if (!done) progress.begin(name, of === name ? message.replace(/ \(about .*\)$/, '') : `${of}: ${message}`);
        });
        progress.done(name, 'installed');
      } catch (error) {
        failures.push(error);
        progress.failed(name, signal.aborted ? 'interrupted' : (error as Error).message);
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, next));
  return failures;
}
