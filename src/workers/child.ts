import { type ChildProcess, spawn } from 'node:child_process';

/** How a child ended; `error` when it could not be started at all. */
export interface ChildEnd {
  readonly exitCode: number | undefined;
  readonly signal: NodeJS.Signals | undefined;
  readonly error: Error | undefined;
}

/** A grandchild may hold the pipes open for ever: what a dead child printed is waited for no longer than this. */
const LAST_WORDS_MS = 200;

/** How each child that runs is ended. */
const running = new Map<ChildProcess, () => void>();
const SIGNALS = ['SIGHUP', 'SIGINT', 'SIGTERM'] as const;

const endAll = (): void => {
  for (const end of running.values()) end();
};

/** Where nobody else handles the signal, it ends this process as it would have, but its children first. */
const onSignal = (signal: NodeJS.Signals): void => {
  if (process.listenerCount(signal) > 1) return;
  endAll();
  for (const name of SIGNALS) process.off(name, onSignal);
  process.kill(process.pid, signal);
};

function follow(child: ChildProcess, end: () => void): void {
  if (running.size === 0) {
    process.on('exit', endAll);
    for (const name of SIGNALS) process.on(name, onSignal);
  }
  running.set(child, end);
}

function unfollow(child: ChildProcess): void {
  running.delete(child);
  if (running.size > 0) return;
  process.off('exit', endAll);
  for (const name of SIGNALS) process.off(name, onSignal);
}

export interface ChildOptions {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** A process group of its own, for commands that start others: ending it ends them all. */
  readonly group?: boolean;
}

export interface Child {
  readonly process: ChildProcess;
  /** Ends it, and with `group` everything that it started. */
  readonly kill: () => void;
  /** Resolves once it is gone and its last words are read; never rejects. */
  readonly ended: Promise<ChildEnd>;
  /** Resolves once it is gone. */
  readonly gone: Promise<void>;
}

/**
 * Starts a process with pipes on descriptors 0 to 3. It never outlives this one. Plain `spawn`, because it is the first
 * thing that every run waits for: a library for processes takes longer to load than the child to start.
 */
export function startChild([file = '', ...args]: readonly string[], { cwd, env, group = false }: ChildOptions): Child {
  const child = spawn(file, args, {
    cwd,
    env: { ...env },
    stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
    windowsHide: true,
    detached: group,
  });
  const kill = (): void => {
    if (group && child.pid !== undefined && process.platform !== 'win32') {
      try {
        process.kill(-child.pid, 'SIGKILL');
        return;
      } catch {
        // The group is gone, or was never made.
      }
    }
    child.kill('SIGKILL');
  };
  follow(child, kill);
  let leave: () => void = () => {};
  const gone = new Promise<void>((resolve) => {
    leave = resolve;
  });
  const ended = new Promise<ChildEnd>((resolve) => {
    const end = (exitCode: number | null, signal: NodeJS.Signals | null, error?: Error): void => {
      unfollow(child);
      leave();
      const result: ChildEnd = { exitCode: exitCode ?? undefined, signal: signal ?? undefined, error };
      if (error !== undefined) {
        resolve(result);
        return;
      }
      child.once('close', () => resolve(result));
      setTimeout(() => resolve(result), LAST_WORDS_MS).unref();
    };
    child.once('error', (error) => {
      if (child.pid === undefined) end(null, null, error);
    });
    child.once('exit', (exitCode, signal) => end(exitCode, signal));
  });
  return { process: child, kill, ended, gone };
}
