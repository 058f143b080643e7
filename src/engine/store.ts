import { randomUUID } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { OnparError } from '../core/errors.ts';
import { makeFolder } from '../core/folders.ts';
import { digestFile, digestJson, filesBelow } from '../core/hash.ts';

/** A local file that a step read beside its declared inputs, as it was then. */
export interface Dependency {
  readonly path: string;
  /** Null: the file was not there. */
  readonly digest: string | null;
}

export interface StoredStep {
  readonly value: unknown;
  readonly dependencies: readonly Dependency[];
  /** Folder of the step's files. */
  readonly dir: string;
  /** Names the result: same id, same value and files. */
  readonly id: string;
}

const RECORD = 'step.json';
const ABANDONED_MS = 24 * 3600 * 1000;

/**
 * The store of steps, by content key. A key has one entry for each state of the files that its step was seen to read
 * (as compiler caches keep one for each set of headers): an entry counts when all those files are as they were.
 * Entries are written aside and renamed into place, so a killed run leaves none half-written.
 */
export class Store {
  readonly root: string;
  #digests = new Map<string, string | null>();

  /** Opens or makes the store. Throws `store-unwritable` with the fix. */
  constructor(root: string) {
    this.root = root;
    try {
      makeFolder(join(root, 'steps'));
      makeFolder(join(root, 'tmp'));
      const ignore = join(root, '.gitignore');
      if (!existsSync(ignore)) writeFileSync(ignore, '*\n');
      this.#sweep();
    } catch (error) {
      throw new OnparError({
        code: 'store-unwritable',
        message: `the store ${root} cannot be written: ${(error as Error).message}`,
        fix: 'name another folder with --cache DIR or ONPAR_CACHE',
        cause: error,
      });
    }
  }

  /** Removes what killed runs left behind. No step takes a day, so nobody works in a folder that old. */
  #sweep(): void {
    for (const name of readdirSync(join(this.root, 'tmp'))) {
      const dir = join(this.root, 'tmp', name);
      const age = Date.now() - (statSync(dir, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
      if (age > ABANDONED_MS) this.discard(dir);
    }
  }

  /** The entry for a key whose recorded files are unchanged; undefined when the step must run. */
  find(key: string): StoredStep | undefined {
    const folder = this.#folder(key);
    if (!existsSync(folder)) return undefined;
    for (const name of readdirSync(folder)) {
      const dir = join(folder, name);
      const record = readRecord(dir);
      if (record?.dependencies.every((d) => this.#digest(d.path) === d.digest)) {
        return { ...record, dir, id: `${key}/${name}` };
      }
    }
    return undefined;
  }

  /** A folder for a step that runs now; on the same file system as its final place. */
  begin(): string {
    const dir = join(this.root, 'tmp', randomUUID());
    mkdirSync(dir, { recursive: true });
    return dir;
  }

  /** Nobody waits for it: the folder has a name that is never used again. */
  discard(dir: string): void {
    rm(dir, { recursive: true, force: true }).catch(() => {});
  }

  /** Puts a finished step in its place. Another run may have been first: then theirs stands and ours goes, unless ours is to replace it. */
  commit(key: string, dir: string, value: unknown, paths: readonly string[], replace = false): StoredStep {
    const dependencies = [...new Set(paths)].sort().map((path): Dependency => ({ path, digest: digestOf(path) }));
    const name = dependencies.length === 0 ? 'plain' : digestJson(dependencies).slice(0, 16);
    writeFileSync(join(dir, RECORD), JSON.stringify({ value, dependencies, files: sizesBelow(dir) }));
    const folder = this.#folder(key);
    mkdirSync(folder, { recursive: true });
    const target = join(folder, name);
    if (replace) this.#putAside(target);
    try {
      renameSync(dir, target);
    } catch (error) {
      if (readRecord(target) === undefined) {
        // What stands there is damaged.
        this.#putAside(target);
        renameSync(dir, target);
      } else if (['ENOTEMPTY', 'EEXIST', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '')) {
        this.discard(dir);
      } else throw error;
    }
    const record = readRecord(target);
    if (record === undefined) throw new Error(`step ${key} was committed but cannot be read back from ${target}`);
    return { ...record, dir: target, id: `${key}/${name}` };
  }

  /** Takes an entry out of its place in one move, so that no other run meets half of it. */
  #putAside(target: string): void {
    if (!existsSync(target)) return;
    const aside = join(this.root, 'tmp', randomUUID());
    renameSync(target, aside);
    this.discard(aside);
  }

  /** Marks an entry as used, for collection by age. */
  touch(step: StoredStep): void {
    const now = new Date();
    try {
      utimesSync(join(step.dir, RECORD), now, now);
    } catch {
      // A read-only store still serves.
    }
  }

  #folder(key: string): string {
    return join(this.root, 'steps', key.slice(0, 2), key);
  }

  /** Digest now, remembered for this run: a suite's cases share their helper modules. */
  #digest(path: string): string | null {
    let digest = this.#digests.get(path);
    if (digest === undefined) {
      digest = digestOf(path);
      this.#digests.set(path, digest);
    }
    return digest;
  }
}

function digestOf(path: string): string | null {
  try {
    return digestFile(path);
  } catch {
    return null;
  }
}

interface StepRecord {
  readonly value: unknown;
  readonly dependencies: readonly Dependency[];
  /** The step's files and their bytes: an entry that a cleaner or a full disk left in pieces is none. */
  readonly files: readonly (readonly [name: string, bytes: number])[];
}

/** The record of an entry that is whole; undefined for a damaged one, which is then made again. */
function readRecord(dir: string): StepRecord | undefined {
  try {
    const record = JSON.parse(readFileSync(join(dir, RECORD), 'utf8')) as StepRecord;
    return record.files.every(([name, bytes]) => statSync(join(dir, name)).size === bytes) ? record : undefined;
  } catch {
    return undefined;
  }
}

const sizesBelow = (dir: string): StepRecord['files'] =>
  filesBelow(dir).map((name) => [name, statSync(join(dir, name)).size]);
