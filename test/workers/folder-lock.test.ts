import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { buildSync } from 'esbuild';
import { describe, expect, test } from 'vitest';
import { packageRoot } from '../../src/core/paths.ts';
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
  test('of a process that is gone goes to one heir of many, and from each to the next', async () => {
    const dir = scratch();
    const folder = join(dir, 'toolchain');
    write(`${folder}.lock`, 'pid', String(deadPid()));
    // Processes of their own: within one, nothing can come between two calls that do not wait.
    const script = write(
      dir,
      'contend.mts',
      `import { appendFileSync } from 'node:fs';
import { withFolderLock } from ${JSON.stringify(join(packageRoot, 'src/workers/toolchains/folder-lock.ts'))};
// All at once: the lock is fought for in the first milliseconds.
while (Date.now() < Number(process.argv[5]));
const say = (word) => appendFileSync(process.argv[3], word + ' ' + process.pid + '\\n');
await withFolderLock(process.argv[2], () => {}, async () => {
  say('enter');
  await new Promise((done) => setTimeout(done, 20));
  say('leave');
  if (process.argv[4] === 'die') process.kill(process.pid, 'SIGKILL');
});
`,
    );
    const bundle = join(dir, 'contend.mjs');
    buildSync({ entryPoints: [script], outfile: bundle, bundle: true, platform: 'node', format: 'esm' });
    const log = join(dir, 'log');
    const start = Date.now() + 1_000;
    const contenders = Array.from({ length: 12 }, (_, i) =>
      // Every third dies while it holds the lock.
      spawn(process.execPath, [bundle, folder, log, i % 3 === 0 ? 'die' : 'live', String(start)], { stdio: 'inherit' }),
    );
    await Promise.all(contenders.map((child) => new Promise((done) => child.on('exit', done))));
    const lines = readFileSync(log, 'utf8').trim().split('\n');
    expect(lines).toHaveLength(24);
    const pairs = lines.flatMap((line, i) => (i % 2 === 0 ? [[line, lines[i + 1]]] : []));
    expect(pairs).toEqual(pairs.map(([enter]) => [expect.stringMatching(/^enter /), enter?.replace('enter', 'leave')]));
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
