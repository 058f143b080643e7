import { existsSync, mkdirSync, statSync } from 'node:fs';
import { basename, isAbsolute, join, resolve } from 'node:path';
import { OnparError } from '../core/errors.ts';
import { allowedValues } from '../core/nearest.ts';
import { isInside } from '../core/paths.ts';
import { confine, type Limits, workerEnvironment } from '../workers/isolation.ts';

/** Where a command exporter writes, by target format: a file with the usual ending, or a folder. */
const OUTPUT_NAMES: Readonly<Record<string, string>> = {
  onnx: 'model.onnx',
  tflite: 'model.tflite',
  keras: 'model.keras',
  torchscript: 'model.pt',
  savedmodel: 'saved_model',
  sklearn: 'model.joblib',
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
        throw new OnparError({ code: 'unknown-placeholder', message: `exporter command: unknown placeholder \`${text}\``, fix: allowedValues(name, PLACEHOLDERS) });
      }
      const value = values[name];
      if (value === null || value === undefined) {
        throw new OnparError({ code: 'placeholder-empty', message: `exporter command: \`${text}\` has no value in this case`, fix: name === 'weights' ? 'add `weights:` to the case' : `remove \`${text}\`` });
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

/** Runs any command line as an exporter, in the suite's folder, and checks that it wrote what it was asked for. */
export async function exportByCommand(job: CommandJob): Promise<CommandResult> {
  const name = OUTPUT_NAMES[job.to] ?? `model.${job.to}`;
  mkdirSync(job.outDir, { recursive: true });
  const output = join(job.outDir, name);
  const filled = fillCommand(job.command, { source: job.source, weights: job.weights, output, options: JSON.stringify(job.options), python: job.python, root: job.root });
  const [file = '', ...args] = confine(filled, job.limits).command;
  const shown = filled.map((part) => (part.includes(' ') ? JSON.stringify(part) : part)).join(' ');
  const { execa } = await import('execa');
  const result = await execa(file, args, { cwd: job.root, env: workerEnvironment(), extendEnv: false, all: true, reject: false, timeout: job.timeoutMs, stdin: 'ignore', maxBuffer: 10_000_000 });
  const log = String(result.all ?? '').slice(-16_000);
  if (result.exitCode !== 0) {
    const how = result.timedOut ? `gave no result within ${job.timeoutMs / 1000} s` : result.signal !== undefined ? `was ended by ${result.signal}` : `left with exit code ${result.exitCode ?? 'none'}`;
    throw new OnparError({ code: 'export-failed', message: `the exporter command ${how}: ${shown}`, fix: 'run the command by hand and mend it', detail: log || (result.shortMessage ?? ''), exitCode: 1 });
  }
  if (!existsSync(output)) {
    throw new OnparError({ code: 'export-failed', message: `the exporter command ended well but wrote no ${basename(output)}: ${shown}`, fix: 'let it write to {output}', detail: log, exitCode: 1 });
  }
  return { path: name, log };
}
