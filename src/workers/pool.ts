import { mkdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { OnparError } from '../core/errors.ts';
import { endEarly, nodeWorkerSpec, takeEarly } from './early.ts';
import type { PythonEnvironment } from './environment.ts';
import { type Limits, workerEnvironment } from './isolation.ts';
import type { NodeEnvironment } from './node-environment.ts';
import { makeScratch, removeScratch } from './scratch.ts';
import { convertersFolder } from './toolchains/manifest.ts';
import { Worker, type WorkerSpec } from './worker.ts';

/** Who answers: the Node host, the Python host in an environment, or a program of the user's. One worker is kept per key for the whole run. */
export type HostSpec = {
  /** The suite's folder: models of different projects never share an interpreter. */
  readonly root: string;
  readonly limits: Limits;
  /** Keeps a separate process for each value, e.g. so that reference and candidate do not wait for each other. */
  readonly lane?: string;
  /** Names of environment variables that its processes see beside the usual ones. */
  readonly variables?: readonly string[];
} & (
  | {
      readonly kind: 'node';
      /** The packages of a Node toolchain; missing: those that onpar itself depends on. */
      readonly environment?: NodeEnvironment;
    }
  | { readonly kind: 'python'; readonly environment: PythonEnvironment }
  | { readonly kind: 'command'; readonly command: readonly string[] }
);

interface Slot {
  worker: Worker | undefined;
  /** The last task in the queue; each new task waits for it, so a worker does one thing at a time. */
  tail: Promise<unknown>;
}

export class WorkerPool {
  #slots = new Map<string, Slot>();
  /** Workers of one task each. */
  #alone = new Set<Worker>();
  #scratch: string | undefined;
  #started = 0;
  #ended = false;

  /** True once `kill` was called: no task begins any more, and what a task met after it is no result. */
  get ended(): boolean {
    return this.#ended;
  }

  /** A folder in shared memory (or the temporary folder) that goes away with the pool. */
  scratch(name: string): string {
    this.#scratch ??= makeScratch();
    const dir = join(this.#scratch, name);
    mkdirSync(dir, { recursive: true });
    return dir;
  }

  /** Starts the worker without waiting for it, so that a framework's import overlaps with other work. */
  warm(host: HostSpec): Worker {
    const slot = this.#slot(host);
    slot.worker ??= this.#start(host);
    return slot.worker;
  }

  /**
   * Gives `task` the worker alone until it is done. A dead worker is replaced before, never during, a task:
   * sessions do not survive their process.
   */
  use<T>(host: HostSpec, task: (worker: Worker) => Promise<T>): Promise<T> {
    const slot = this.#slot(host);
    const run = async (): Promise<T> => {
      if (this.#ended) throw interrupted();
      if (slot.worker === undefined || !slot.worker.alive) slot.worker = this.#start(host);
      return task(slot.worker);
    };
    const result = slot.tail.then(run, run);
    slot.tail = result.catch(() => {});
    return result;
  }

  /** Gives `task` a process of its own, which has run nothing before and ends with it. */
  async alone<T>(host: HostSpec, task: (worker: Worker) => Promise<T>): Promise<T> {
    if (this.#ended) throw interrupted();
    const worker = new Worker(specOf(host, this.scratch(`work-${this.#started++}`)));
    this.#alone.add(worker);
    try {
      return await task(worker);
    } finally {
      await worker.kill();
      this.#alone.delete(worker);
    }
  }

  /**
   * Ends every child, by process handle, and removes the scratch folder. Nothing is asked first: workers hold no state
   * that outlives a request, and frameworks take seconds to leave politely.
   */
  async close(): Promise<void> {
    await Promise.all([...this.#workers().map((worker) => worker.kill()), endEarly()]);
    if (this.#scratch !== undefined) await removeScratch(this.#scratch);
    this.#scratch = undefined;
  }

  /** For Ctrl-C, and when nothing is asked any more: requests under way fail at once, no other begins. `close` still has to follow. */
  kill(): void {
    this.#ended = true;
    for (const worker of this.#workers()) void worker.kill();
  }

  #workers(): Worker[] {
    return [...[...this.#slots.values()].flatMap(({ worker }) => worker ?? []), ...this.#alone];
  }

  #slot(host: HostSpec): Slot {
    const key = keyOf(host);
    let slot = this.#slots.get(key);
    if (slot === undefined) {
      slot = { worker: undefined, tail: Promise.resolve() };
      this.#slots.set(key, slot);
    }
    return slot;
  }

  #start(host: HostSpec): Worker {
    const spec = specOf(host, this.scratch(`work-${this.#started++}`));
    return takeEarly(spec, host.lane) ?? new Worker(spec);
  }
}

const interrupted = (): OnparError =>
  new OnparError({ code: 'interrupted', message: 'the run was interrupted', exitCode: 130 });

const keyOf = (host: HostSpec): string =>
  JSON.stringify([
    host.kind,
    host.kind === 'python' ? [host.environment.toolchain.name, host.environment.python] : null,
    host.kind === 'node' ? (host.environment?.dir ?? null) : null,
    host.kind === 'command' ? host.command : null,
    host.root,
    host.limits,
    host.lane ?? null,
    host.variables ?? null,
  ]);

function specOf(host: HostSpec, cwd: string): WorkerSpec {
  if (host.kind === 'node') return nodeWorkerSpec(host.limits, cwd, host.environment, host.variables);
  if (host.kind === 'command') {
    const { command, limits } = host;
    return { name: `worker ${basename(command.at(-1) ?? '')}`, command, env: workerEnvironment(), cwd, limits };
  }
  const { toolchain, python } = host.environment;
  return {
    name: `${toolchain.name} worker`,
    command: [python, '-m', 'onpar_host', '--toolchain', toolchain.dir, '--warm'],
    env: workerEnvironment({ PYTHONPATH: join(convertersFolder, 'host') }),
    cwd,
    limits: host.limits,
  };
}
