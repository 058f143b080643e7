import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../core/paths.ts';
import { defaultMemoryLimit, type Limits, workerEnvironment } from './isolation.ts';
import { makeScratch } from './scratch.ts';
import { Worker, type WorkerSpec } from './worker.ts';

/** How the Node host is started. */
export const nodeWorkerSpec = (limits: Limits, cwd: string): WorkerSpec => ({
  name: 'node worker',
  command: [process.execPath, join(packageRoot, 'dist', 'node-host.js')],
  env: workerEnvironment(),
  cwd,
  limits,
});

const waiting: { readonly key: string; readonly lane: string; readonly worker: Worker }[] = [];
const folders: string[] = [];

/** What must be equal before a worker that waits is as good as a new one. */
const keyOf = ({ command, env, limits }: WorkerSpec): string => JSON.stringify([command, env, limits]);

/**
 * Starts a Node worker before anyone has asked: while onpar still loads its own code and reads the command line, it
 * loads its own. A Node worker knows nothing of a project before its first request, so any pool may take it over.
 */
export function startEarly(lane: string): Worker {
  const cwd = makeScratch();
  folders.push(cwd);
  const spec = nodeWorkerSpec({ memoryBytes: defaultMemoryLimit(), network: false }, cwd);
  const worker = new Worker(spec);
  waiting.push({ key: keyOf(spec), lane, worker });
  return worker;
}

/** A worker that was started early for this lane and would be started just so now, if there is one. The caller owns it then. */
export function takeEarly(spec: WorkerSpec, lane: string | undefined): Worker | undefined {
  const index = waiting.findIndex((early) => early.worker.alive && early.lane === lane && early.key === keyOf(spec));
  return index < 0 ? undefined : waiting.splice(index, 1)[0]?.worker;
}

/** Ends those that nobody took, and removes the folders of all. */
export async function endEarly(): Promise<void> {
  await Promise.all(waiting.splice(0).map(({ worker }) => worker.kill()));
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
}
