import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../core/paths.ts';
import { type Child, startChild } from './child.ts';
import { confine, defaultMemoryLimit, type Limits, workerEnvironment } from './isolation.ts';
import type { NodeEnvironment } from './node-environment.ts';
import { makeScratch } from './scratch.ts';
import { Worker, type WorkerSpec } from './worker.ts';

/** How the Node host is started. `variables`: names of environment variables that it sees beside the usual ones. */
export const nodeWorkerSpec = (
  limits: Limits,
  cwd: string,
  environment?: NodeEnvironment,
  variables: readonly string[] = [],
): WorkerSpec => ({
  name: environment === undefined ? 'node worker' : `${environment.toolchain.name} worker`,
  command: [
    process.execPath,
    join(packageRoot, 'dist', 'node-host.js'),
    ...(environment === undefined
      ? []
      : [
          environment.dir,
          JSON.stringify(environment.needs),
          ...(environment.toolchain.plugin?.module ? [environment.toolchain.plugin.module] : []),
        ]),
  ],
  env: workerEnvironment(lent(variables)),
  cwd,
  limits,
});

/** Those of the caller's environment variables that are set. */
const lent = (names: readonly string[]): Record<string, string> =>
  Object.fromEntries(names.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])));

/** The lane of Node workers that serve both sides of a comparison, and the size of all model files up to which they do. */
export const SHARED_LANE = 'shared';
export const SHARED_BYTES = 32 * 1024 ** 2;

const waiting: { readonly key: string; readonly lane: string; readonly worker: Worker }[] = [];
const folders: string[] = [];

/** What must be equal before a worker that waits is as good as a new one. */
const keyOf = ({ command, env, limits }: WorkerSpec): string => JSON.stringify([command, env, limits]);

/** A Node worker's process, started before anything of onpar is loaded that could use it. */
export interface EarlyChild {
  readonly spec: WorkerSpec;
  readonly lane: string;
  readonly child: Child;
}

/**
 * Starts a Node worker before anyone has asked: while onpar still loads its own code and reads the command line, it
 * loads its own. A Node worker knows nothing of a project before its first request, so any pool may take it over.
 */
export function startEarly(lane: string): EarlyChild {
  const cwd = makeScratch();
  const spec = nodeWorkerSpec({ memoryBytes: defaultMemoryLimit(), network: false }, cwd);
  return { spec, lane, child: startChild(confine(spec.command, spec.limits).command, spec) };
}

/** Makes a worker of it that waits for a pool to take it. */
export function adoptEarly({ spec, lane, child }: EarlyChild): Worker {
  folders.push(spec.cwd);
  const worker = new Worker(spec, child);
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
