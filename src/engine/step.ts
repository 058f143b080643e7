import { canonicalJson } from '../core/canonical.ts';
import { OnparError, toFailure } from '../core/errors.ts';
import { digestJson } from '../core/hash.ts';
import type { StepKind } from '../records/event.ts';
import type { Emit } from './emit.ts';
import type { Store, StoredStep } from './store.ts';

/** A pure function with a content key. `inputs` must hold everything that can change the result. */
export interface StepDefinition<T> {
  readonly kind: StepKind;
  /** Raised when the step's own code changes its result. */
  readonly version: number;
  readonly inputs: unknown;
  /** For progress lines: which conversion asked for it, and what it does in words. */
  readonly conversion: string;
  readonly label: string;
  /** Does the work; files go into `dir`. `dependencies` are local files that were read beside the inputs. */
  run(dir: string): Promise<StepOutcome<T>>;
}

export interface StepOutcome<T> {
  readonly value: T;
  readonly dependencies?: readonly string[];
  /** The result hangs on circumstances (a crash, a timeout): used in this run, not kept. */
  readonly transient?: boolean;
}

export interface StepResult<T> {
  readonly value: T;
  readonly dir: string;
  /** Names the result for the keys of steps that build on it. */
  readonly id: string;
  readonly cached: boolean;
  readonly milliseconds: number;
}

/** Begins the ids of results that are not kept. */
const TRANSIENT = 'transient/';

/** Runs steps, each at most once a run and not at all when the store has its result. */
export class StepRunner {
  #store: Store;
  #readCache: boolean;
  #emit: Emit;
  #running = new Map<string, Promise<StepResult<unknown>>>();
  #transient: string[] = [];

  constructor(store: Store, readCache: boolean, emit: Emit) {
    this.#store = store;
    this.#readCache = readCache;
    this.#emit = emit;
  }

  /** Removes what was made for this run alone; nobody may look at it any more. */
  end(): void {
    for (const dir of this.#transient.splice(0)) this.#store.discard(dir);
  }

  /** Failures are thrown, not kept: the next run tries again. */
  run<T>(step: StepDefinition<T>): Promise<StepResult<T>> {
    const key = digestJson([step.kind, step.version, step.inputs]);
    let running = this.#running.get(key);
    if (running === undefined) {
      running = this.#once(step, key);
      running.catch(() => {});
      this.#running.set(key, running);
    }
    return running as Promise<StepResult<T>>;
  }

  async #once<T>(step: StepDefinition<T>, key: string): Promise<StepResult<T>> {
    const about = { step: step.kind, conversion: step.conversion, label: step.label } as const;
    const stored = this.#readCache ? this.#store.find(key) : undefined;
    if (stored !== undefined) {
      this.#store.touch(stored);
      this.#emit({ type: 'step-end', ...about, cached: true, milliseconds: 0, failed: false });
      return result<T>(stored, true, 0);
    }
    this.#emit({ type: 'step-start', ...about });
    const started = performance.now();
    const dir = this.#store.begin();
    try {
      const outcome = await step.run(dir);
      const milliseconds = performance.now() - started;
      this.#emit({ type: 'step-end', ...about, cached: false, milliseconds, failed: false });
      // What builds on a result of this run alone has a key that no other run can have.
      if (outcome.transient === true || canonicalJson(step.inputs).includes(TRANSIENT)) {
        this.#transient.push(dir);
        return { value: outcome.value, dir, id: `${TRANSIENT}${dir}`, cached: false, milliseconds };
      }
      return result<T>(
        this.#store.commit(key, dir, outcome.value, outcome.dependencies ?? [], !this.#readCache),
        false,
        milliseconds,
      );
    } catch (error) {
      this.#emit({
        type: 'step-end',
        ...about,
        cached: false,
        milliseconds: performance.now() - started,
        failed: true,
      });
      this.#store.discard(dir);
      throw diskError(error) ?? error;
    }
  }
}

function result<T>(stored: StoredStep, cached: boolean, milliseconds: number): StepResult<T> {
  return { value: stored.value as T, dir: stored.dir, id: stored.id, cached, milliseconds };
}

/** A full disk is told as such, whichever call met it. */
function diskError(error: unknown): OnparError | undefined {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code !== 'ENOSPC' && !/No space left on device/.test(toFailure(error).message)) return undefined;
  return new OnparError({
    code: 'disk-full',
    message: `the disk is full: ${message}`,
    fix: 'free some space, or name another folder with --cache DIR',
    exitCode: 1,
    cause: error,
  });
}
