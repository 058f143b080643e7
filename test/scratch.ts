import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, onTestFinished } from 'vitest';

const make = (): string => realpathSync(mkdtempSync(join(tmpdir(), 'onpar-test-')));
const remove = (dir: string): void => rmSync(dir, { recursive: true, force: true });

/** A folder of its own for one test, gone when the test is over. */
export function scratch(): string {
  const dir = make();
  onTestFinished(() => remove(dir));
  return dir;
}

/** A folder that the tests of one file share. */
export function sharedScratch(): string {
  const dir = make();
  afterAll(() => remove(dir));
  return dir;
}

/** Writes a file, making its folder, and gives back its path. */
export function write(dir: string, name: string, text: string | Uint8Array): string {
  const path = join(dir, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  return path;
}
