import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { withFolderLock } from '../../src/workers/toolchains/folder-lock.ts';
import { scratch, write } from '../scratch.ts';

const nothing = (): void => {};

/** The id of a process that is gone. */
const deadPid = (): number => spawnSync(process.execPath, ['-e', '']).pid;

describe('a lock on a folder', () => {
  test('one at a time; who waits is told once', async () => {
    const folder = join(scratch(), 'toolchain');
    let [inside, most, told] = [0, 0, 0];
    const work = () =>
      withFolderLock(
        folder,
        () => told++,
        async () => {
          most = Math.max(most, ++inside);
          await sleep(250);
          inside--;
        },
      );
    await Promise.all([work(), work()]);
    expect([most, told, existsSync(`${folder}.lock`)]).toEqual([1, 1, false]);
  });
  test('goes with the work, also when that fails', async () => {
    const folder = join(scratch(), 'toolchain');
    await expect(withFolderLock(folder, nothing, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(existsSync(`${folder}.lock`)).toBe(false);
  });
  test('of a process that is gone is taken over at once', async () => {
    const folder = join(scratch(), 'toolchain');
    write(`${folder}.lock`, 'pid', String(deadPid()));
    expect(await withFolderLock(folder, nothing, async () => 'mine')).toBe('mine');
  });
  test.each(['no process id', 'an empty one', 'nonsense'])('with %s is taken over after a while', async (kind) => {
    const folder = join(scratch(), 'toolchain');
    mkdirSync(`${folder}.lock`);
    if (kind !== 'no process id') write(`${folder}.lock`, 'pid', kind === 'nonsense' ? 'x' : '');
    const old = new Date(Date.now() - 60_000);
    utimesSync(`${folder}.lock`, old, old);
    expect(await withFolderLock(folder, nothing, async () => 'mine')).toBe('mine');
  });
});
