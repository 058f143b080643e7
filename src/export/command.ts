import { existsSync, mkdirSync, statSync } from 'node:fs';
import { basename, isAbsolute, join, resolve } from 'node:path';
import { OnparError } from '../core/errors.ts';
import { allowedValues } from '../core/nearest.ts';
import { isInside } from '../core/paths.ts';
import { startChild } from '../workers/child.ts';
import { confine, type Limits, workerEnvironment } from '../workers/isolation.ts';
import { Log } from '../workers/log.ts';
import { LONGEST_MS } from '../workers/worker.ts';

/** Where a command exporter writes, by target format: a file with the usual ending, or a folder. */
const OUTPUT_NAMES: Readonly<Record<string, string>> = {
  onnx: 'model.onnx',
  tflite: 'model.tflite',
  executorch: 'model.pte',
  keras: 'model.keras',
  torchscript: 'model.pt',
  savedmodel: 'saved_model',
  sklearn: 'model.joblib',
  xgboost: 'model.ubj',
  lightgbm: 'model.txt',
};

export interface CommandJob {
  readonly command: readonly string[];
  readonly to: string;
  /** Absolute path of the source, and of its weights where the case has some. */
  readonly source: string;
  readonly weights: string | null;
  readonly options: Readonly<Record<string, unknown>>;
  /** The Python of the toolchain that `{python}` stands for; null when the command does not ask for it. */
  readonly python: string | null;
  readonly root: string;
  readonly outDir: string;
  readonly timeoutMs: number;
  readonly limits: Limits;
  readonly signal: AbortSignal;
}

export interface CommandResult {
  /** File or folder name below `outDir`. */
  readonly path: string;
  readonly log: string;
}

const PLACEHOLDERS = ['source', 'weights', 'output', 'options', 'python', 'root'] as const;

/** Fills `{source}` and its like. Throws for an unknown placeholder, and for `{weights}` in a case without weights. */
export function fillCommand(command: readonly string[], values: Readonly<Record<string, string | null>>): string[] {
  return command.map((part) =>
    part.replaceAll(/\{([a-z]+)\}/g, (text, name: string) => {
      if (!(name in values)) {
        throw new OnparError({
          code: 'unknown-placeholder',
          message: `exporter command: unknown placeholder \`${text}\``,
          fix: allowedValues(name, PLACEHOLDERS),
        });
      }
      const value = values[name];
      if (value === null || value === undefined) {
        throw new OnparError({
          code: 'placeholder-empty',
          message: `exporter command: \`${text}\` has no value in this case`,
          fix: name === 'weights' ? 'add `weights:` to the case' : `remove \`${text}\``,
        });
      }
      return value;
    }),
  );
}

/** Local files that the command names (a script, a config): they belong to the step's key. */
export function commandFiles(command: readonly string[], root: string): string[] {
  return command
    .filter((part) => !part.includes('{'))
    .map((part) => (isAbsolute(part) ? part : resolve(root, part)))
    .filter((path) => isInside(root, path) && existsSync(path) && statSync(path).isFile());
}

/** How a command failed, in words (null: it did not), and what it printed. Ended with everything that it started. */
async function runCommand(
  command: readonly string[],
  { root, timeoutMs, signal }: CommandJob,
): Promise<{ how: string | null; log: string }> {
  const child = startChild(command, { cwd: root, env: workerEnvironment(), group: true });
  const log = new Log();
  const streams = [child.process.stdout, child.process.stderr];
  for (const stream of streams) stream?.on('data', log.source());
  child.process.stdin?.end();
  let timedOut = false;
  const timer = setTimeout(
    () => {
      timedOut = true;
      child.kill();
    },
    Math.min(timeoutMs, LONGEST_MS),
  );
  signal.addEventListener('abort', child.kill);
  if (signal.aborted) child.kill();
  const end = await child.ended;
  clearTimeout(timer);
  signal.removeEventListener('abort', child.kill);
  for (const stream of child.process.stdio) stream?.destroy();
  const how = timedOut
    ? `gave no result within ${timeoutMs / 1000} s`
    : end.error !== undefined
      ? `could not be started (${end.error.message})`
      : end.signal !== undefined
        ? `was ended by ${end.signal}`
        : end.exitCode === 0
          ? null
          : `left with exit code ${end.exitCode ?? 'none'}`;
  return { how, log: log.tail(16_000) };
}

/** Runs any command line as an exporter, in the suite's folder, and checks that it wrote what it was asked for. */
export async function exportByCommand(job: CommandJob): Promise<CommandResult> {
  const name = OUTPUT_NAMES[job.to] ?? `model.${job.to}`;
  mkdirSync(job.outDir, { recursive: true });
  const output = join(job.outDir, name);
  const filled = fillCommand(job.command, {
    source: job.source,
    weights: job.weights,
    output,
    options: JSON.stringify(job.options),
    python: job.python,
    root: job.root,
  });
  const shown = filled.map((part) => (part.includes(' ') ? JSON.stringify(part) : part)).join(' ');
  const { how, log } = await runCommand(confine(filled, job.limits).command, job);
  if (how !== null)
    throw new OnparError({
      code: 'export-failed',
      message: `the exporter command ${how}: ${shown}`,
      fix: 'run the command by hand and mend it',
      detail: log,
      exitCode: 1,
    });
  if (!existsSync(output)) {
    throw new OnparError({
      code: 'export-failed',
      message: `the exporter command ended well but wrote no ${basename(output)}: ${shown}`,
      fix: 'let it write to {output}',
      detail: log,
      exitCode: 1,
    });
  }
  return { path: name, log };
}
