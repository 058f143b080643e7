import { mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** A holder that left no process id, or an heir that did not become one, is given this long before it counts as dead. */
const ANONYMOUS_MS = 10_000;
const POLL_MS = 200;

/** Who holds a lock; null: a process id was not written, or not yet. */
const holderOf = (lock: string): number | null => {
  try {
    const pid = Number(readFileSync(join(lock, 'pid'), 'utf8'));
    // An empty file would read as 0, which is every process of our own group.
    return pid > 0 ? pid : null;
  } catch {
    return null;
  }
};

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

const age = (path: string): number => {
  try {
    return Date.now() - statSync(path).mtimeMs;
  } catch {
    return 0;
  }
};

/** Whether somebody holds the folder's lock and lives: it is being made right now. */
export function isLocked(folder: string): boolean {
  const lock = `${folder}.lock`;
  const holder = holderOf(lock);
  if (holder !== null) return isRunning(holder);
  try {
    return Date.now() - statSync(lock).mtimeMs < ANONYMOUS_MS;
  } catch {
    return false;
  }
}

const make = (folder: string): boolean => {
  try {
    mkdirSync(folder);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // The lock itself may be gone by now: its holder was done.
    if (code === 'EEXIST' || code === 'ENOENT') return false;
    throw error;
  }
};

/**
 * Inherits a dead holder's lock. The lock's folder is never removed for that: of two that find the same holder dead, the
 * slower would remove what the faster has just made. Instead a folder named after the dead is made inside, which one process
 * alone can do, and the heir writes its id over the dead one's. An heir that died in between has an heir in turn.
 */
function inherit(lock: string): boolean {
  const dead = holderOf(lock);
  if (dead === null ? age(lock) < ANONYMOUS_MS : isRunning(dead)) return false;
  const name = (generation: number): string => join(lock, `heir-of-${dead ?? 'nobody'}-${generation}`);
  let generation = 0;
  while (age(name(generation)) >= ANONYMOUS_MS) generation++;
  if (!make(name(generation))) return false;
  // Somebody else may have inherited, and died or ended, since the holder was looked at.
  if (holderOf(lock) !== dead) return false;
  writePid(lock);
  return true;
}

/** Whole or not at all: a reader never sees half an id. */
function writePid(lock: string): void {
  const draft = join(lock, `pid-${process.pid}-${Math.random().toString(36).slice(2)}`);
  writeFileSync(draft, String(process.pid));
  renameSync(draft, join(lock, 'pid'));
}

function release(lock: string): void {
  // Taken away in one go, so that nobody finds half a lock.
  const gone = `${lock}.${process.pid}-${Math.random().toString(36).slice(2)}`;
  try {
    renameSync(lock, gone);
  } catch {
    return;
  }
  rmSync(gone, { recursive: true, force: true });
}

/**
 * Runs `work` while holding `<folder>.lock`, so that two runs that need the same toolchain install it once.
 * A folder can only be made by one process, on every file system; a dead holder's lock is taken over.
 */
export async function withFolderLock<T>(folder: string, onWait: () => void, work: () => Promise<T>): Promise<T> {
  const lock = `${folder}.lock`;
  mkdirSync(dirname(lock), { recursive: true });
  let told = false;
  for (;;) {
    if (make(lock)) {
      writePid(lock);
      break;
    }
    if (inherit(lock)) break;
    if (!told && isLocked(folder)) {
      onWait();
      told = true;
    }
    await sleep(POLL_MS * (0.5 + Math.random()));
  }
  try {
    return await work();
  } finally {
    release(lock);
  }
}
