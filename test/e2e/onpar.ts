import { type ChildProcess, spawn } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../src/core/paths.ts';
import { type Report, report as reportSchema } from '../../src/records/report.ts';

export const MODELS: string = join(packageRoot, 'fixtures', 'models');
export const BAD: string = join(packageRoot, 'fixtures', 'bad');
const CLI = join(packageRoot, 'dist', 'cli.js');

export interface Finished {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Both streams, for texts of which a person does not care where they come from. */
  readonly text: string;
}

export interface Options {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Starts it in a process group of its own, as a shell does, so that `process.kill(-pid)` stands for Ctrl-C in a terminal. */
  readonly ownGroup?: boolean;
  /** After this long it is killed, so that one that hangs fails its test and burns no processor behind it. */
  readonly deadlineMs?: number;
}

/** A run of the built command line that is still going on. */
export interface Running {
  readonly child: ChildProcess;
  readonly finished: Promise<Finished>;
  /** Waits until stdout or stderr holds the text; fails when the process ends before. */
  seen(text: string | RegExp): Promise<void>;
}

/** Variables of the developer's own that would change what is printed or where things go. */
const UNSET = {
  CI: undefined,
  GITHUB_ACTIONS: undefined,
  GITHUB_STEP_SUMMARY: undefined,
  FORCE_COLOR: undefined,
  ONPAR_CACHE: undefined,
  VIRTUAL_ENV: undefined,
  COLUMNS: '300',
  NO_COLOR: '1',
  // What a failure costs to explain is asked for by the tests that are about it.
  ONPAR_INVESTIGATE: 'off',
};

/** Starts the built command line as a person would: a real process. */
export function start(
  args: readonly string[],
  { cwd, env = {}, deadlineMs = 50_000, ownGroup = false }: Options = {},
): Running {
  const merged = Object.fromEntries(
    Object.entries({ ...process.env, ...UNSET, ...env }).filter(([, v]) => v !== undefined),
  );
  const child = spawn(process.execPath, [CLI, ...args], {
    cwd,
    env: merged as NodeJS.ProcessEnv,
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: deadlineMs,
    killSignal: 'SIGKILL',
    detached: ownGroup,
  });
  let [stdout, stderr] = ['', ''];
  const listeners = new Set<() => void>();
  const told = (): void => {
    for (const listener of listeners) listener();
  };
  child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
    stdout += chunk;
    told();
  });
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
    stderr += chunk;
    told();
  });
  const finished = new Promise<Finished>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (exitCode, signal) => resolve({ exitCode, signal, stdout, stderr, text: `${stdout}${stderr}` }));
  });
  const seen = (text: string | RegExp): Promise<void> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        const all = `${stdout}${stderr}`;
        if (typeof text === 'string' ? !all.includes(text) : !text.test(all)) return;
        listeners.delete(look);
        resolve();
      };
      listeners.add(look);
      finished.then(() => reject(new Error(`ended without ${String(text)}:\n${stdout}${stderr}`)), reject);
      look();
    });
  return { child, finished, seen };
}

/** Runs the built command line to its end. */
export const onpar = (args: readonly string[], options: Options = {}): Promise<Finished> =>
  start(args, options).finished;

/** Copies models of fixtures/models into a folder and gives it back. */
export function withModels(dir: string, ...names: readonly string[]): string {
  mkdirSync(dir, { recursive: true });
  for (const name of names) cpSync(join(MODELS, name), join(dir, name), { recursive: true });
  return dir;
}

/** A run's report, checked against the published schema. */
export const readReport = (dir: string): Report =>
  reportSchema.parse(JSON.parse(readFileSync(join(dir, 'report.json'), 'utf8')));

/** The only conversion of a run. */
export function onlyCase(dir: string): Report['cases'][number] {
  const { cases } = readReport(dir);
  if (cases.length !== 1) throw new Error(`${cases.length} cases in ${dir}`);
  return cases[0] as Report['cases'][number];
}

export const codesOf = (c: Report['cases'][number]): string[] => c.findings.map((f) => f.code);
