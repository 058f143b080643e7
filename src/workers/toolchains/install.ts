import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { OnparError } from '../../core/errors.ts';
import { bytesBelow } from '../../core/folders.ts';
import { toolchainsFolder } from '../../core/paths.ts';
import { withFolderLock } from './folder-lock.ts';
import type { Installed, InstallListener, Preparation, Recipe, Stamp } from './recipe.ts';

/** Remembers what an environment holds; written last, so that a folder without it was never finished. */
export const STAMP = 'onpar-environment.json';

function readStamp<S extends Stamp>(recipe: Recipe<S>, dir: string): Installed<S> | undefined {
  try {
    const stamp = JSON.parse(readFileSync(join(dir, STAMP), 'utf8')) as S;
    return recipe.isSound(dir, stamp) ? { ...stamp, dir } : undefined;
  } catch {
    return undefined;
  }
}

/** The environment if it is complete; looking costs a folder listing, no process. */
export function findInstalled<S extends Stamp>(recipe: Recipe<S>): Installed<S> | undefined {
  const root = toolchainsFolder();
  if (!existsSync(root)) return undefined;
  for (const name of readdirSync(root).sort()) {
    if (!name.startsWith(recipe.prefix) || name.endsWith('.lock')) continue;
    const found = readStamp(recipe, join(root, name));
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The environment, installed when it is not there yet. Two processes that want the same one install it once. */
export async function ensureInstalled<S extends Stamp>(
  recipe: Recipe<S>,
  listen: InstallListener,
): Promise<Installed<S>> {
  const ready = findInstalled(recipe);
  if (ready !== undefined) return ready;
  const prepared = await recipe.prepare((message) => listen(recipe.name, message, false));
  const dir = join(toolchainsFolder(), prepared.folder);
  return withFolderLock(
    dir,
    () => listen(recipe.name, 'waiting for another onpar that installs it', false),
    async () => readStamp(recipe, dir) ?? (await install(recipe, dir, prepared, listen)),
  );
}

let ended = new AbortController();

/** Ends the installers that run, for Ctrl-C: their folders go, since none of them is complete. */
export function endInstalls(): void {
  ended.abort();
  ended = new AbortController();
}

async function install<S extends Stamp>(
  recipe: Recipe<S>,
  dir: string,
  prepared: Preparation<S>,
  listen: InstallListener,
): Promise<Installed<S>> {
  const { name, sizeMb } = recipe;
  checkSpace(recipe);
  const size =
    sizeMb === null ? '' : ` (about ${sizeMb >= 1000 ? `${(sizeMb / 1000).toFixed(1)} GB` : `${sizeMb} MB`} on disk)`;
  listen(name, `installing${size}`, false);
  const started = Date.now();
  const { signal } = ended;
  const heartbeat = setInterval(
    () => listen(name, `still installing, ${Math.round((Date.now() - started) / 1000)} s`, false),
    10_000,
  );
  try {
    rmSync(dir, { recursive: true, force: true });
    mkdirSync(dir, { recursive: true });
    const stamp = await prepared.make(dir, signal);
    writeFileSync(join(dir, STAMP), `${JSON.stringify({ ...stamp, bytes: bytesBelow(dir) }, null, 1)}\n`);
    listen(name, `installed in ${Math.round((Date.now() - started) / 1000)} s`, true);
    return { ...stamp, dir };
  } catch (error) {
    rmSync(dir, { recursive: true, force: true });
    if (signal.aborted)
      throw new OnparError({ code: 'interrupted', message: `installing \`${name}\` was interrupted`, exitCode: 130 });
    if (error instanceof OnparError) throw error;
    const { all, stderr } = error as { all?: string; stderr?: string };
    throw new OnparError({
      code: 'toolchain-install-failed',
      message: `the toolchain \`${name}\` could not be installed into ${dir}`,
      fix: recipe.fix,
      detail: String(all || stderr || (error as Error).message).slice(-2000),
      exitCode: 3,
      cause: error,
    });
  } finally {
    clearInterval(heartbeat);
  }
}

/** Fails before gigabytes are fetched for a disk that cannot hold them. */
function checkSpace({ name, sizeMb }: { readonly name: string; readonly sizeMb: number | null }): void {
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
