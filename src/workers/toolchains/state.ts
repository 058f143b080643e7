import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { bytesBelow } from '../../core/folders.ts';
import { toolchainsFolder } from '../../core/paths.ts';
import { isLocked } from './folder-lock.ts';
import { STAMP } from './install.ts';
import { findManaged, folderPrefix } from './managed.ts';
import type { Toolchain } from './manifest.ts';
import { lostFiles, sitePackages } from './site-packages.ts';

/** `outdated`: installed from an earlier lock, and not from this one; `broken`: files of it are gone, the next use makes it anew. */
export type ToolchainState = 'installed' | 'installing' | 'not installed' | 'broken' | 'outdated';

export interface Inspected {
  readonly state: ToolchainState;
  readonly dir: string | null;
  readonly packages: Readonly<Record<string, string>>;
}

/** Folders that were made for this toolchain from any lock: `<name>-<12 hex digits>…`, its other versions not. */
function foldersOf(name: string): string[] {
  const root = toolchainsFolder();
  if (!existsSync(root)) return [];
  const own = new RegExp(`^${name.replaceAll(/[.]/g, '\\.')}-[0-9a-f]{12}-`);
  return readdirSync(root)
    .filter((folder) => own.test(folder) && !/\.lock(\.|$)/.test(folder))
    .map((folder) => join(root, folder));
}

/** How a toolchain lies on this machine. */
export function inspect(chain: Toolchain): Inspected {
  const found = findManaged(chain);
  if (found !== undefined) {
    const site = chain.language === 'python' ? sitePackages(found.dir) : undefined;
    const state = site !== undefined && lostFiles(site).length > 0 ? 'broken' : 'installed';
    return { state, dir: found.dir, packages: found.packages };
  }
  const none = { dir: null, packages: {} };
  const folders = foldersOf(chain.plugin?.environmentOf ?? chain.name);
  const underWay = folders.find((dir) => isLocked(dir));
  if (underWay !== undefined) return { ...none, state: 'installing', dir: underWay };
  const prefix = folderPrefix(chain);
  const current = prefix === null ? undefined : folders.find((dir) => basename(dir).startsWith(prefix));
  if (current !== undefined) return { ...none, state: 'broken', dir: current };
  const older = folders.find((dir) => existsSync(join(dir, STAMP)));
  return older === undefined ? { ...none, state: 'not installed' } : { ...none, state: 'outdated', dir: older };
}

/** Bytes of a folder on disk; those that it shares with an installer's cache by hard links count too. */
export function bytesOnDisk(dir: string): number {
  try {
    const { bytes } = JSON.parse(readFileSync(join(dir, STAMP), 'utf8')) as { bytes?: number };
    if (bytes !== undefined) return bytes;
  } catch {
    // Measured below.
  }
  return bytesBelow(dir);
}
