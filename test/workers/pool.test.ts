import { existsSync, readdirSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type HostSpec, WorkerPool } from '../../src/workers/pool.ts';
import type { Worker } from '../../src/workers/worker.ts';
import { scratch } from '../scratch.ts';

const host = (root: string, lane?: string): HostSpec => ({
  kind: 'node',
  root,
  limits: { memoryBytes: null, network: true },
  ...(lane === undefined ? {} : { lane }),
});

function pool(): WorkerPool {
  const made = new WorkerPool();
  onTestFinished(() => made.close());
  return made;
}

const hello = (w: Worker): Promise<unknown> => w.hello(20_000);
const isAlive = (pid: number | undefined): boolean => {
  try {
    process.kill(pid as number, 0);
    return true;
  } catch {
    return false;
  }
};

describe('one worker a place, for the whole run', () => {
  test('the same place is the same process; another root or lane is another', async () => {
    const p = pool();
    const [a, b] = [scratch(), scratch()];
    const pidOf = (spec: HostSpec): Promise<number | undefined> => p.use(spec, async (w) => w.pid);
    const first = await pidOf(host(a));
    expect(await pidOf(host(a))).toBe(first);
    expect(await pidOf(host(b))).not.toBe(first);
    expect(await pidOf(host(a, 'candidate'))).not.toBe(first);
  });
  test('a task alone has a process of its own, which is gone when the task is over, also by an error', async () => {
    const p = pool();
    const spec = host(scratch());
    const shared = await p.use(spec, async (w) => w.pid);
    const pids: (number | undefined)[] = [];
    const alone = p.alone(spec, async (w) => {
      await hello(w);
      pids.push(w.pid);
      throw new Error('over');
    });
    await expect(alone).rejects.toThrow('over');
    expect(pids[0]).not.toBe(shared);
    expect([isAlive(pids[0]), isAlive(shared)]).toEqual([false, true]);
  });
  test('a pool that was killed ends those that are alone too, and begins no more', async () => {
    const p = pool();
    const spec = host(scratch());
    const running = p.alone(spec, async (w) => {
      await hello(w);
      p.kill();
      return hello(w);
    });
    await expect(running).rejects.toThrow();
    await expect(p.alone(spec, hello)).rejects.toThrow('interrupted');
  });
  test('it does one thing at a time, in the order of asking, and a failure stops nobody behind it', async () => {
    const p = pool();
    const spec = host(scratch());
    const order: string[] = [];
    const task = (name: string, fails = false) =>
      p.use(spec, async (w) => {
        order.push(`${name} begins`);
        await hello(w);
        order.push(`${name} ends`);
        if (fails) throw new Error(name);
      });
    const results = await Promise.allSettled([task('a'), task('b', true), task('c')]);
    expect(results.map((r) => r.status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(order).toEqual(['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends']);
  });
  test('a dead worker is replaced before the next task', async () => {
    const p = pool();
    const spec = host(scratch());
    const dead = await p.use(spec, async (w) => {
      process.kill(w.pid as number, 'SIGSEGV');
      await expect(hello(w)).rejects.toMatchObject({ code: 'worker-crashed' });
      return w.pid;
    });
    const next = await p.use(spec, async (w) => {
      await hello(w);
      return w.pid;
    });
    expect(next).not.toBe(dead);
  });
});

describe('the end', () => {
  test('close ends every child and removes the scratch folder', async () => {
    const p = new WorkerPool();
    const dir = p.scratch('x');
    const spec = host(scratch());
    const pids = await Promise.all(
      ['a', 'b'].map((lane) => p.use(host(spec.root, lane), (w) => hello(w).then(() => w.pid))),
    );
    expect(pids.map(isAlive)).toEqual([true, true]);
    await p.close();
    expect(pids.map(isAlive)).toEqual([false, false]);
    expect(existsSync(dir)).toBe(false);
    expect(readdirSync(dirname(dirname(dir)))).not.toContain(basename(dirname(dir)));
  });
  test('kill fails what is under way, at once', async () => {
    const p = pool();
    const waiting = p.use(host(scratch()), async (w) => {
      await hello(w);
      const asked = w.request('run', { session: 'none', samples: [], outDir: scratchless }, { timeoutMs: 20_000 });
      p.kill();
      return asked;
    });
    await expect(waiting).rejects.toMatchObject({
      code: 'worker-crashed',
      message: 'node worker: crashed with SIGKILL',
    });
  });
});

const scratchless = '/nowhere';
