import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, isAbsolute, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder that holds onpar's own package.json: from a checkout, a build or an installed package alike. */
export const packageRoot: string = findPackageRoot(dirname(fileURLToPath(import.meta.url)));

function findPackageRoot(start: string): string {
  let dir = start;
  for (;;) {
    const manifest = join(dir, 'package.json');
    if (existsSync(manifest) && (JSON.parse(readFileSync(manifest, 'utf8')) as { name?: string }).name === 'onpar')
      return dir;
    const parent = dirname(dir);
    if (parent === dir) throw new Error(`onpar's package.json was not found above ${start}`);
    dir = parent;
  }
}

export const packageVersion: string = (
  JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')) as { version: string }
).version;

/** Where toolchains live, for all projects of this user: `ONPAR_TOOLCHAINS`, else below the system's cache folder. */
export function toolchainsFolder(env: NodeJS.ProcessEnv = process.env): string {
  if (env.ONPAR_TOOLCHAINS) return env.ONPAR_TOOLCHAINS;
  if (process.platform === 'win32')
    return join(env.LOCALAPPDATA ?? join(homedir(), 'AppData', 'Local'), 'onpar', 'toolchains');
  if (process.platform === 'darwin') return join(homedir(), 'Library', 'Caches', 'onpar', 'toolchains');
  return join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'onpar', 'toolchains');
}

/** True when `path` is `folder` or lies below it. */
export function isInside(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way === '' || (!way.startsWith(`..${sep}`) && way !== '..' && !isAbsolute(way));
}

/** A path as people write it: relative with `/` where it lies below `folder`, absolute elsewhere. */
export function displayPath(path: string, folder: string = process.cwd()): string {
  return isInside(folder, path) ? relative(folder, path).split(sep).join('/') || '.' : path;
}

/** A name that can stand in a file name on any system; distinct names may collide, so add a digest where that matters. */
export const fileSafe = (name: string): string => name.replaceAll(/[^A-Za-z0-9._=@+-]+/g, '-').slice(0, 80);
