import { existsSync, mkdirSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { OnparError } from '../../src/core/errors.ts';
import { StepRunner } from '../../src/engine/step.ts';
import { Store } from '../../src/engine/store.ts';
import type { RunEvent } from '../../src/records/event.ts';
import { scratch, write } from '../scratch.ts';

const KEY = 'ab'.repeat(32);

function commit(
  store: Store,
  value: unknown,
  files: Readonly<Record<string, string>> = {},
  dependencies: readonly string[] = [],
  replace = false,
) {
  const dir = store.begin();
  for (const [name, text] of Object.entries(files)) write(dir, name, text);
  return store.commit(KEY, dir, value, dependencies, replace);
}

describe('the store', () => {
  test('gives back what was put in, also to another process', () => {
    const root = scratch();
    const put = commit(new Store(root), { n: 1 }, { 'a/b.txt': 'x' });
    const found = new Store(root).find(KEY);
    expect(found).toMatchObject({ value: { n: 1 }, id: put.id, dir: put.dir });
    expect(new Store(root).find('cd'.repeat(32))).toBeUndefined();
  });
  test('an entry holds while the files that its step read are as they were', () => {
    const root = scratch();
    const helper = write(scratch(), 'helper.py', 'one');
    commit(new Store(root), 1, {}, [helper]);
    writeFileSync(helper, 'two');
    expect(new Store(root).find(KEY)).toBeUndefined();
    commit(new Store(root), 2, {}, [helper]);
    expect(new Store(root).find(KEY)?.value).toBe(2);
    writeFileSync(helper, 'one');
    expect(new Store(root).find(KEY)?.value).toBe(1);
    rmSync(helper);
    expect(new Store(root).find(KEY)).toBeUndefined();
  });
  test('a file that was missing is a dependency, too: when it appears, the step runs again', () => {
    const root = scratch();
    const config = join(scratch(), 'config.json');
    commit(new Store(root), 1, {}, [config]);
    expect(new Store(root).find(KEY)?.value).toBe(1);
    writeFileSync(config, '{}');
    expect(new Store(root).find(KEY)).toBeUndefined();
  });
  test('two at once: the first stands, the second goes, nobody fails', () => {
    const store = new Store(scratch());
    const first = commit(store, 'first', { x: '1' });
    const second = commit(store, 'second', { x: '2' });
    expect([second.value, second.dir]).toEqual(['first', first.dir]);
  });
  test('unless the second is to replace it (--no-cache)', () => {
    const store = new Store(scratch());
    commit(store, 'first', { x: '1' });
    expect(commit(store, 'second', { x: '2' }, [], true).value).toBe('second');
    expect(store.find(KEY)?.value).toBe('second');
  });
  test.each<[string, (dir: string) => void]>([
    ['its record is cut', (dir) => writeFileSync(join(dir, 'step.json'), '{"value": 1, "dep')],
    ['its record is gone', (dir) => rmSync(join(dir, 'step.json'))],
    ['a file is gone', (dir) => rmSync(join(dir, 'x'))],
    ['a file is cut', (dir) => writeFileSync(join(dir, 'x'), '')],
  ])('an entry is no entry when %s, and is made again in its place', (_, damage) => {
    const store = new Store(scratch());
    damage(commit(store, 'old', { x: '1' }).dir);
    expect(store.find(KEY)).toBeUndefined();
    expect(commit(store, 'new', { x: '2' }).value).toBe('new');
    expect(store.find(KEY)?.value).toBe('new');
  });
  test('what a killed run left behind goes after a day, what is in work stays', async () => {
    const root = scratch();
    const store = new Store(root);
    const [abandoned, working] = [store.begin(), store.begin()];
    const old = new Date(Date.now() - 2 * 86_400_000);
    utimesSync(abandoned, old, old);
    new Store(root);
    await expect.poll(() => existsSync(abandoned)).toBe(false);
    expect(existsSync(working)).toBe(true);
  });
  test('is ignored by git, and a folder that cannot be is refused with the fix', () => {
    const root = scratch();
    new Store(root);
    expect(readdirSync(root)).toContain('.gitignore');
    const file = write(scratch(), 'file', '');
    expect(() => new Store(join(file, 'store'))).toThrow(
      expect.objectContaining({
        code: 'store-unwritable',
        exitCode: 2,
        fix: 'name another folder with --cache DIR or ONPAR_CACHE',
      }),
    );
  });
});

describe('steps', () => {
  const stepsOf = (root: string, readCache = true) => {
    const events: Omit<RunEvent, 'time'>[] = [];
    return { runner: new StepRunner(new Store(root), readCache, (e) => events.push(e)), events };
  };
  const step = (inputs: unknown, run: () => Promise<{ value: unknown; transient?: boolean }>) => ({
    kind: 'sample' as const,
    version: 1,
    inputs,
    conversion: 'a/b',
    label: 'x',
    run,
  });

  test('one key runs once, however many ask at the same time', async () => {
    const { runner } = stepsOf(scratch());
    let runs = 0;
    const ask = () => runner.run(step({ a: 1 }, async () => ({ value: ++runs })));
    expect((await Promise.all([ask(), ask(), ask()])).map((r) => r.value)).toEqual([1, 1, 1]);
    expect(runs).toBe(1);
  });
  test('the next run takes it from the store; another input, another version or --no-cache do not', async () => {
    const root = scratch();
    const once = async (inputs: unknown, version: number, readCache = true) =>
      (await stepsOf(root, readCache).runner.run({ ...step(inputs, async () => ({ value: 0 })), version })).cached;
    expect([
      await once(1, 1),
      await once(1, 1),
      await once(2, 1),
      await once(1, 2),
      await once(1, 1, false),
      await once(1, 1),
    ]).toEqual([false, true, false, false, false, true]);
  });
  test('a failure is thrown, not kept, and leaves nothing', async () => {
    const root = scratch();
    const { runner, events } = stepsOf(root);
    const failing = step(1, async () => {
      throw new OnparError({ code: 'run-failed', message: 'no' });
    });
    await expect(runner.run(failing)).rejects.toMatchObject({ code: 'run-failed' });
    expect(events.map((e) => [e.type, 'failed' in e ? e.failed : null])).toEqual([
      ['step-start', null],
      ['step-end', true],
    ]);
    await expect.poll(() => readdirSync(join(root, 'tmp'))).toEqual([]);
    expect((await stepsOf(root).runner.run(step(1, async () => ({ value: 1 })))).cached).toBe(false);
  });
  test('a full disk is told as such', async () => {
    const full = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
    await expect(stepsOf(scratch()).runner.run(step(1, async () => Promise.reject(full)))).rejects.toMatchObject({
      code: 'disk-full',
      fix: expect.stringContaining('--cache DIR'),
    });
  });
  test('what hangs on circumstances serves this run alone', async () => {
    const root = scratch();
    const { runner } = stepsOf(root);
    const result = await runner.run(step(1, async () => ({ value: 'crashed', transient: true })));
    expect([result.value, existsSync(result.dir)]).toEqual(['crashed', true]);
    runner.end();
    await expect.poll(() => existsSync(result.dir)).toBe(false);
    expect((await stepsOf(root).runner.run(step(1, async () => ({ value: 'fine' })))).value).toBe('fine');
  });
  test('a store of which only the folder is left is filled again', async () => {
    const root = scratch();
    mkdirSync(join(root, 'steps', 'ab'), { recursive: true });
    expect((await stepsOf(root).runner.run(step(1, async () => ({ value: 1 })))).cached).toBe(false);
  });
});
