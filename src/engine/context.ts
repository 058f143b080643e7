import type { Conversion } from '../plan/conversion.ts';
import type { PythonChoice, PythonEnvironment } from '../workers/environment.ts';
import { resolveEnvironment } from '../workers/environment.ts';
import { type NodeEnvironment, resolveNodeEnvironment, resolvePinnedNode } from '../workers/node-environment.ts';
import type { HostSpec } from '../workers/pool.ts';
import { WorkerPool } from '../workers/pool.ts';
import type { Pin } from '../workers/toolchains/pin.ts';
import type { InstallListener } from '../workers/toolchains/recipe.ts';
import type { Worker } from '../workers/worker.ts';
import type { Emit } from './emit.ts';
import { Semaphore } from './semaphore.ts';
import { StepRunner } from './step.ts';
import type { Store } from './store.ts';

/** What a running plan shares: the store, the workers, the environments and the ear of the reporters. */
export class RunContext {
  readonly steps: StepRunner;
  readonly pool: WorkerPool = new WorkerPool();
  readonly emit: Emit;
  /** Ctrl-C. */
  readonly signal: AbortSignal;
  #slots: Semaphore;
  #planned: readonly Conversion[];
  #environments = new Map<string, Promise<PythonEnvironment | NodeEnvironment>>();

  constructor(
    store: Store,
    options: {
      jobs: number;
      readCache: boolean;
      emit: Emit;
      signal: AbortSignal;
      planned: readonly Conversion[];
    },
  ) {
    this.emit = options.emit;
    this.signal = options.signal;
    this.steps = new StepRunner(store, options.readCache, options.emit);
    this.#planned = options.planned;
    this.#slots = new Semaphore(options.jobs);
  }

  /** All conversions of a conversion's case, in suite order, whether or not this run was asked for them. */
  siblingsOf(conversion: Conversion): readonly Conversion[] {
    const found = this.#planned.filter((each) => each.case === conversion.case && each.stages === undefined);
    return found.length > 0 ? found : [conversion];
  }

  /** The stages of the pipeline that a conversion belongs to, in order, each by its first conversion. */
  stagesOf({ case: c }: Conversion): readonly Conversion[] {
    const own = this.#planned.filter((e) => e.stages === undefined && e.case.stage?.pipeline === c.stage?.pipeline);
    return own.filter((e, i) => own.findIndex((other) => other.case.id === e.case.id) === i);
  }

  /** The environment for a toolchain, resolved (and installed) once a run. */
  environment(toolchain: string, choice: PythonChoice): Promise<PythonEnvironment> {
    return this.#once([toolchain, choice], (listen) => resolveEnvironment(toolchain, choice, listen));
  }

  /** The packages of a Node toolchain, resolved (and installed) once a run. */
  nodeEnvironment(toolchain: string, pin: Pin | null): Promise<NodeEnvironment> {
    return this.#once([toolchain, pin], (listen) =>
      pin === null ? resolveNodeEnvironment(toolchain, listen) : resolvePinnedNode(toolchain, pin, listen),
    );
  }

  #once<E extends PythonEnvironment | NodeEnvironment>(
    asked: readonly unknown[],
    resolve: (listen: InstallListener) => Promise<E>,
  ): Promise<E> {
    const key = JSON.stringify(asked);
    const known = this.#environments.get(key);
    if (known !== undefined) return known as Promise<E>;
    const found = resolve((name, message, done) => this.emit({ type: 'install', toolchain: name, message, done }));
    // Several steps await the same promise; the first failure must not count as unhandled before they do.
    found.catch(() => {});
    this.#environments.set(key, found);
    return found;
  }

  /** Environments that were used, for the report. */
  async usedEnvironments(): Promise<(PythonEnvironment | NodeEnvironment)[]> {
    const settled = await Promise.allSettled(this.#environments.values());
    return settled.flatMap((s) => (s.status === 'fulfilled' ? [s.value] : []));
  }

  /** A worker alone, and one of the run's slots: waiting for a busy worker takes no slot from others. */
  withWorker<T>(host: HostSpec, task: (worker: Worker) => Promise<T>): Promise<T> {
    return this.pool.use(host, (worker) => this.#slots.run(() => task(worker)));
  }

  /** A process that has run nothing before and ends with the task, and one of the run's slots. */
  withFreshWorker<T>(host: HostSpec, task: (worker: Worker) => Promise<T>): Promise<T> {
    return this.#slots.run(() => this.pool.alone(host, task));
  }
}
