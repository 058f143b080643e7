import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { packageRoot } from '../../src/core/paths.ts';
import { ensureInstalled } from '../../src/workers/toolchains/install.ts';
import { type PythonStamp, pythonRecipe } from '../../src/workers/toolchains/python-recipe.ts';
import type { Installed } from '../../src/workers/toolchains/recipe.ts';

export const SERVERS: string = join(packageRoot, 'test', 'served', 'servers');

/** The locked environment of a server, installed once like a toolchain. */
export function serverEnvironment(name: 'python' | 'triton'): Promise<Installed<PythonStamp>> {
  const lockFile = join(SERVERS, `${name}.lock`);
  const lockDigest = createHash('sha256').update(readFileSync(lockFile)).digest('hex');
  return ensureInstalled(
    pythonRecipe({ name: `servers-${name}`, lockFile, lockDigest, sizeMb: null, hashed: true }),
    () => {},
  );
}

/** A port of the loopback that nobody uses now. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}

export interface Running {
  readonly stop: () => Promise<void>;
}

/** Starts a real server and waits until it says that it is ready; fails with its log when it ends before or takes too long. */
export async function serve(
  command: readonly string[],
  { cwd, env, ready }: { cwd: string; env: Record<string, string>; ready: string },
): Promise<Running> {
  const [file = '', ...args] = command;
  const child = spawn(file, args, { cwd, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  let log = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      log = `${log}${chunk.toString()}`.slice(-8000);
    });
  const gone = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const stop = () => end(child, gone);
  for (let i = 0; i < 600; i++) {
    if (child.exitCode !== null || child.signalCode !== null) throw new Error(`${file} ended: ${log}`);
    const answer = await fetch(ready).catch(() => undefined);
    await answer?.arrayBuffer();
    if (answer?.status === 200) return { stop };
    await sleep(100);
  }
  await stop();
  throw new Error(`${file} was not ready in time: ${log}`);
}

async function end(child: ChildProcess, gone: Promise<void>): Promise<void> {
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), 5000);
  await gone;
  clearTimeout(timer);
}
