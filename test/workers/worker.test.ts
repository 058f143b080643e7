import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { OnparError } from '../../src/core/errors.ts';
import { packageRoot } from '../../src/core/paths.ts';
import { type Limits, workerEnvironment } from '../../src/workers/isolation.ts';
import { Worker } from '../../src/workers/worker.ts';
import { scratch } from '../scratch.ts';

const FREE: Limits = { memoryBytes: null, network: true };
const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

/** A real child process that runs one of the hosts in fixtures/bad/hosts. */
function worker(host: string, limits: Limits = FREE, flags: readonly string[] = []): Worker {
  const started = new Worker({
    name: 'test worker',
    command: [process.execPath, ...flags, join(packageRoot, 'fixtures', 'bad', 'hosts', `${host}.js`)],
    env: workerEnvironment(),
    cwd: scratch(),
    limits,
  });
  onTestFinished(() => started.kill());
  return started;
}

/** Any request: these hosts do not look at it. */
const ask = (w: Worker, params: object = {}, timeoutMs = 20_000): Promise<Record<string, unknown>> =>
  w.request('close', params as never, { timeoutMs }) as Promise<Record<string, unknown>>;

async function failure(w: Worker, timeoutMs?: number): Promise<OnparError> {
  const error = await ask(w, {}, timeoutMs).then(
    (result) => new Error(`answered ${JSON.stringify(result)}`),
    (e: unknown) => e,
  );
  if (!(error instanceof OnparError)) throw error;
  return error;
}

describe('a worker that works', () => {
  test('answers, tells progress, and keeps its log apart', async () => {
    const w = worker('polite');
    const told: string[] = [];
    const result = await w.request(
      'close',
      { session: 's' },
      { timeoutMs: 20_000, onProgress: (message) => told.push(message) },
    );
    expect(result).toMatchObject({ verb: 'close', params: { session: 's' } });
    expect(told).toEqual(['half', 'almost']);
    expect(w.log.tail()).toBe('working on close');
    expect(w.alive).toBe(true);
  });
  test('refuses with its own code, message, fix and detail, and goes on', async () => {
    const w = worker('polite');
    await expect(ask(w, { refuse: true })).rejects.toMatchObject({
      code: 'run-failed',
      message: 'no: it is /tmp/model.bin',
      fix: 'ask for something else',
      detail: 'line 1\nline 2',
    });
    await expect(ask(w, { n: 2 })).resolves.toMatchObject({ params: { n: 2 } });
  });
  test('one request at a time: a second is our own bug, not an answer', async () => {
    const w = worker('polite');
    const first = ask(w, { n: 1 });
    await expect(ask(w, { n: 2 })).rejects.toThrow('test worker was asked two things at once');
    await expect(first).resolves.toMatchObject({ params: { n: 1 } });
  });
  test('answers to nothing are not taken for the next answer', async () => {
    const w = worker('answers-twice');
    await expect(ask(w, { n: 1 })).resolves.toEqual({ which: 'first', params: { n: 1 } });
    await expect(ask(w, { n: 2 })).resolves.toEqual({ which: 'first', params: { n: 2 } });
  });
  test('sees a cleaned environment and starts in its scratch folder', async () => {
    process.env.AWS_SECRET_ACCESS_KEY = 'secret';
    onTestFinished(() => {
      delete process.env.AWS_SECRET_ACCESS_KEY;
    });
    const { env, cwd } = (await ask(worker('polite'))) as { env: Record<string, string>; cwd: string };
    expect(env).not.toHaveProperty('AWS_SECRET_ACCESS_KEY');
    expect(env).toMatchObject({ ORT_DISABLE_TELEMETRY: '1', PATH: process.env.PATH });
    expect(cwd).not.toBe(process.cwd());
  });
  test('a request of megabytes and 200 MB of log go through; the log stays small', async () => {
    const w = worker('chatty');
    await expect(ask(w, { text: 'x'.repeat(5_000_000) }, 60_000)).resolves.toEqual({});
    await expect.poll(() => w.log.tail(20), { timeout: 5000 }).toContain('the last line');
    expect(w.log.tail().length).toBeLessThanOrEqual(64 * 1024);
  });
});

test('a deadline of years is not one of a millisecond', async () => {
  await expect(ask(worker('polite'), { n: 1 }, 1e12)).resolves.toMatchObject({ params: { n: 1 } });
});

describe('every way to die has its code, and the log comes along', () => {
  test('SIGSEGV', async () => {
    const w = worker('segfault');
    expect(await failure(w)).toMatchObject({
      code: 'worker-crashed',
      message: 'test worker: crashed with SIGSEGV',
      detail: 'about to read address 0',
    });
    expect(w.alive).toBe(false);
    expect(isAlive(w.pid as number)).toBe(false);
  });
  test('SIGABRT', async () => {
    expect(await failure(worker('abort'))).toMatchObject({
      code: 'worker-crashed',
      message: 'test worker: crashed with SIGABRT',
    });
  });
  test('SIGKILL from outside means memory', async () => {
    expect(await failure(worker('killed'))).toMatchObject({
      code: 'worker-out-of-memory',
      message: expect.stringContaining('killed by the system (SIGKILL)'),
      fix: expect.stringContaining('--dim'),
    });
  });
  test('a hang ends at the deadline, although SIGTERM is ignored', async () => {
    const w = worker('hang');
    const error = await failure(w, 1500);
    expect(error).toMatchObject({
      code: 'worker-timeout',
      message: 'test worker: gave no answer to `close` within 1.5 s',
      fix: expect.stringContaining('`timeout:`'),
      detail: 'waiting for a lock',
    });
    await expect.poll(() => isAlive(w.pid as number)).toBe(false);
  });
  test('a line that is no answer', async () => {
    expect(await failure(worker('garbage'))).toMatchObject({
      code: 'worker-garbage',
      message: expect.stringContaining('"Loading model… 100 %"'),
    });
  });
  test.each(['not-an-answer', 'half-an-answer'])('JSON that is no answer: %s', async (host) => {
    expect((await failure(worker(host))).code).toBe('worker-garbage');
  });
  test('a crash in the middle of an answer is a crash', async () => {
    expect(await failure(worker('partial-line'))).toMatchObject({
      code: 'worker-crashed',
      message: 'test worker: crashed with SIGSEGV',
    });
  });
  test('leaving in the middle of an answer is leaving', async () => {
    expect(await failure(worker('partial-exit'))).toMatchObject({
      code: 'worker-exited',
      message: 'test worker: left with exit code 7 without answering',
    });
  });
  test('exit code 0 without an answer is not a success', async () => {
    expect(await failure(worker('exit-zero'))).toMatchObject({
      code: 'worker-exited',
      message: 'test worker: left with exit code 0 without answering',
    });
  });
  test('exit code 7', async () => {
    expect(await failure(worker('exit-seven'))).toMatchObject({
      code: 'worker-exited',
      message: 'test worker: left with exit code 7 without answering',
      detail: expect.stringContaining('libcudart.so.12'),
    });
  });
  test('gone before it was asked: the same answer to every request', async () => {
    const w = worker('exit-at-start');
    const first = await failure(w);
    expect(first).toMatchObject({ code: 'worker-exited', detail: 'no module named onpar_host' });
    expect(await failure(w)).toBe(first);
  });
  test('a program that does not exist', async () => {
    const missing = new Worker({
      name: 'test worker',
      command: ['/nowhere/python'],
      env: {},
      cwd: scratch(),
      limits: FREE,
    });
    expect(await failure(missing)).toMatchObject({
      code: 'worker-start-failed',
      message: expect.stringContaining('/nowhere/python'),
    });
  });
  test('another protocol version', async () => {
    await expect(worker('old-protocol').hello(20_000)).rejects.toMatchObject({
      code: 'worker-start-failed',
      message: 'test worker speaks protocol 99, this onpar speaks 1',
      fix: 'use a host of the same onpar version',
      exitCode: 3,
    });
  });
  test('a grandchild that holds the pipes open delays nothing', async () => {
    const w = worker('grandchild');
    const started = performance.now();
    expect((await failure(w)).code).toBe('worker-crashed');
    expect(performance.now() - started).toBeLessThan(5000);
    const pid = Number(/grandchild (\d+)/.exec(w.log.tail())?.[1]);
    process.kill(pid, 'SIGKILL');
  });
});

describe.runIf(process.platform === 'linux')('a memory limit', () => {
  test('ends a hungry worker, and is told as memory', async () => {
    // Bare Node reserves address space generously; without WebAssembly it fits below this.
    const error = await failure(worker('hungry', { memoryBytes: 3 * 1024 ** 3, network: true }), 60_000);
    expect(error.code).toBe('worker-out-of-memory');
    expect(error.message).toContain('memory');
  });
});
