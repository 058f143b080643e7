import type { Readable, Writable } from 'node:stream';
import { canonicalJson } from '../core/canonical.ts';
import { failureError, OnparError } from '../core/errors.ts';
import { type Child, type ChildEnd, startChild } from './child.ts';
import { confine, type Limits } from './isolation.ts';
import { Log } from './log.ts';
import { type Answer, PROTOCOL_VERSION, type Verb, type Verbs } from './protocol.ts';

export interface WorkerSpec {
  /** `pytorch worker`: how messages call it. */
  readonly name: string;
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Scratch folder that the process starts in. */
  readonly cwd: string;
  readonly limits: Limits;
}

interface Pending {
  readonly id: number;
  readonly verb: Verb;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
  readonly onProgress: ((message: string) => void) | undefined;
  timer: NodeJS.Timeout | undefined;
}

export interface RequestOptions {
  readonly timeoutMs: number;
  readonly onProgress?: (message: string) => void;
}

/** Calls back for each whole line. What stands behind the last line end was cut off by the worker's death and is no line. */
function onLines(stream: Readable, onLine: (line: string) => void): void {
  let rest = '';
  stream.setEncoding('utf8').on('data', (chunk: string) => {
    if (!chunk.includes('\n')) {
      rest += chunk;
      return;
    }
    const lines = `${rest}${chunk}`.split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) onLine(line);
  });
}

/** An answer or an event that the protocol knows; anything else that a host writes is garbage. */
function parseAnswer(line: string): Answer | undefined {
  try {
    const parsed = JSON.parse(line) as Partial<Record<'id' | 'ok' | 'event' | 'error', unknown>> | null;
    if (typeof parsed !== 'object' || parsed === null || typeof parsed.id !== 'number') return undefined;
    const error = parsed.error as { code?: unknown; message?: unknown } | null | undefined;
    const refused = parsed.ok === false && typeof error?.code === 'string' && typeof error.message === 'string';
    return typeof parsed.event === 'string' || parsed.ok === true || refused ? (parsed as Answer) : undefined;
  } catch {
    return undefined;
  }
}

/** How libraries and languages say that memory ran out, whatever they do next: raise, abort, or leave. */
const OUT_OF_MEMORY =
  /MemoryError|bad_alloc|[Cc]annot allocate memory|[Oo]ut of memory|allocation failed|[Ff]ailed to allocate|[Nn]ot enough memory|can't allocate memory/;

/** A death is explained by what was printed just before it, not by what a request long ago got over. */
const LAST_WORDS = 4000;

/** The longest delay that a timer knows, 25 days: what is longer would fire at once. */
export const LONGEST_MS: number = 2 ** 31 - 1;

/** How a worker died, as an error whose code is a result for the case that was running. */
const death = (spec: WorkerSpec, code: string, message: string, log: Log, fix?: string): OnparError =>
  new OnparError({
    code,
    message: `${spec.name}: ${message}`,
    ...(fix === undefined ? {} : { fix }),
    ...(log.tail() === '' ? {} : { detail: log.tail(2000) }),
    exitCode: 1,
  });

const aheadKey = (verb: Verb, params: object): string => canonicalJson([verb, { ...params, outDir: '' }]);

/** One child process that speaks the worker protocol. A dead worker stays dead; the pool starts another. */
export class Worker {
  readonly log: Log = new Log();
  readonly pid: number | undefined;
  #child: Child;
  #pending: Pending | undefined;
  #nextId = 1;
  #gone: OnparError | undefined;
  #spec: WorkerSpec;
  #stdin: Writable;
  #closing = false;
  /** Answers of `describeAhead` that nobody has fetched yet. */
  #ahead = new Map<string, Promise<unknown>>();
  #queued: Promise<void> = Promise.resolve();

  /** `started`: the process, where it runs already. */
  constructor(spec: WorkerSpec, started?: Child) {
    this.#spec = spec;
    this.#child = started ?? startChild(confine(spec.command, spec.limits).command, spec);
    const child = this.#child.process;
    this.pid = child.pid;
    this.#stdin = child.stdin as Writable;
    // A worker that died takes no more input: its death is told by its exit, not by a broken pipe.
    this.#stdin.on('error', () => {});
    (child.stdout as Readable).on('data', this.log.source());
    (child.stderr as Readable).on('data', this.log.source());
    onLines(child.stdio[3] as Readable, (line) => this.#onLine(line));
    void this.#child.ended.then((end) => this.#onExit(end));
  }

  get alive(): boolean {
    return this.#gone === undefined;
  }

  /** Asks and waits. Throws an OnparError with the worker's code, or with the code of how the worker died. */
  request<V extends Verb>(verb: V, params: Verbs[V]['params'], options: RequestOptions): Promise<Verbs[V]['result']> {
    const key = aheadKey(verb, params);
    const ahead = this.#ahead.get(key);
    this.#ahead.delete(key);
    return ahead === undefined
      ? this.#queued.then(() => this.#ask(verb, params, options))
      : (ahead as Promise<Verbs[V]['result']>);
  }

  /**
   * Lets a worker that keeps what it described open (docs/worker-protocol.md) open a model before it is needed. The next
   * `describe` of the same model gets this answer; any other request waits its turn. For workers that write no files then.
   */
  describeAhead(params: Verbs['describe']['params'], options: RequestOptions): void {
    const answer = this.#queued.then(() => this.#ask('describe', params, options));
    this.#ahead.set(aheadKey('describe', params), answer);
    this.#queued = answer.then(
      () => {},
      () => {},
    );
  }

  #ask<V extends Verb>(
    verb: V,
    params: Verbs[V]['params'],
    { timeoutMs, onProgress }: RequestOptions,
  ): Promise<Verbs[V]['result']> {
    if (this.#gone !== undefined) return Promise.reject(this.#gone);
    if (this.#pending !== undefined)
      return Promise.reject(new Error(`${this.#spec.name} was asked two things at once`));
    const id = this.#nextId++;
    return new Promise<Verbs[V]['result']>((resolve, reject) => {
      const pending: Pending = {
        id,
        verb,
        resolve: resolve as (r: unknown) => void,
        reject,
        onProgress,
        timer: undefined,
      };
      pending.timer = setTimeout(() => this.#onTimeout(verb, timeoutMs), Math.min(timeoutMs, LONGEST_MS));
      this.#pending = pending;
      this.#stdin.write(`${JSON.stringify({ id, verb, params })}\n`);
    });
  }

  async hello(timeoutMs: number): Promise<Verbs['hello']['result']> {
    const answer = await this.request('hello', {}, { timeoutMs });
    if (answer.protocol !== PROTOCOL_VERSION) {
      throw new OnparError({
        code: 'worker-start-failed',
        message: `${this.#spec.name} speaks protocol ${answer.protocol}, this onpar speaks ${PROTOCOL_VERSION}`,
        fix: 'use a host of the same onpar version',
        exitCode: 3,
      });
    }
    return answer;
  }

  /** Ends the process and waits until it is gone. */
  async kill(): Promise<void> {
    this.#closing = true;
    const { process: child, gone } = this.#child;
    child.kill('SIGKILL');
    // Its own children may still hold the pipes open.
    for (const stream of child.stdio) stream?.destroy();
    await gone;
  }

  #settle(): Pending | undefined {
    const pending = this.#pending;
    this.#pending = undefined;
    if (pending?.timer !== undefined) clearTimeout(pending.timer);
    return pending;
  }

  #onLine(line: string): void {
    const answer = parseAnswer(line);
    if (answer === undefined) {
      this.#die(
        'worker-garbage',
        `wrote a line that is not an answer on its channel: ${JSON.stringify(line.slice(0, 80))}`,
      );
      return;
    }
    if (this.#pending === undefined || answer.id !== this.#pending.id) return;
    if ('event' in answer) {
      this.#pending.onProgress?.(answer.message);
      return;
    }
    const pending = this.#settle();
    if (answer.ok) pending?.resolve(answer.result);
    else pending?.reject(failureError(answer.error));
  }

  #onTimeout(verb: Verb, timeoutMs: number): void {
    this.#die(
      'worker-timeout',
      `gave no answer to \`${verb}\` within ${timeoutMs / 1000} s`,
      'raise `timeout:` of the case, or look at the log for what it was waiting for',
    );
  }

  /** Declares the worker dead and makes it so. */
  #die(code: string, message: string, fix?: string): void {
    this.#gone ??= death(this.#spec, code, message, this.log, fix);
    this.#settle()?.reject(this.#gone);
    this.#child.process.kill('SIGKILL');
  }

  #onExit(result: ChildEnd): void {
    if (this.#gone === undefined) {
      const remedy = 'use smaller sizes (--dim), fewer --jobs, or a machine with more memory';
      if (result.signal === 'SIGKILL' && !this.#closing) {
        this.#gone = death(
          this.#spec,
          'worker-out-of-memory',
          'was killed by the system (SIGKILL), most likely for lack of memory',
          this.log,
          remedy,
        );
      } else if (OUT_OF_MEMORY.test(this.log.tail(LAST_WORDS))) {
        this.#gone = death(this.#spec, 'worker-out-of-memory', 'ran out of memory', this.log, remedy);
      } else if (result.signal !== undefined) {
        this.#gone = death(this.#spec, 'worker-crashed', `crashed with ${result.signal}`, this.log);
      } else if (result.exitCode === undefined) {
        this.#gone = death(
          this.#spec,
          'worker-start-failed',
          result.error?.message ?? 'could not be started',
          this.log,
        );
      } else {
        this.#gone = death(
          this.#spec,
          'worker-exited',
          `left with exit code ${result.exitCode} without answering`,
          this.log,
        );
      }
    }
    this.#settle()?.reject(this.#gone);
  }
}
