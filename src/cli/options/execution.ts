import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import type { Argv } from 'yargs';
import type { Overrides } from '../../suite/overrides.ts';
import { type Args, integer, many, one } from './parse.ts';

/** Where and with what models run. */
export const executionOptions = (y: Argv): Argv =>
  y
    .option('runtime', {
      type: 'string',
      array: true,
      describe: 'Runtime of the candidate, also in another version (onnxruntime@1.30.0); several for a matrix',
      group: 'Execution:',
    })
    .option('reference-runtime', {
      type: 'string',
      describe: 'Runtime of the reference, also NAME@VERSION',
      group: 'Execution:',
    })
    .option('python', {
      type: 'string',
      describe: 'Interpreter or virtual environment that runs the model, or `managed`',
      group: 'Execution:',
    })
    .option('jobs', {
      type: 'string',
      describe: 'Models at work at the same time (default: cores)',
      group: 'Execution:',
    })
    .option('timeout', {
      type: 'string',
      describe: 'Seconds one export or observation may take (default 600)',
      group: 'Execution:',
    })
    .option('cache', {
      type: 'string',
      describe: 'Folder of the store (default: .onpar beside the suite; ONPAR_CACHE)',
      group: 'Execution:',
    })
    // yargs makes --no-cache of it: false.
    .option('trust', {
      type: 'boolean',
      describe: 'Load pickles (.pkl, .joblib, old .pt): they can run any code',
      group: 'Execution:',
    })
    .option('plugin', {
      type: 'string',
      array: true,
      describe:
        'A toolchain, runtime or exporter from outside: a folder with toolchain.json, a JavaScript file or a module',
      group: 'Execution:',
    })
    .option('network', { type: 'boolean', describe: 'Allow the model’s code to use the network', group: 'Execution:' });

export function executionOverrides(
  args: Args,
): Pick<Overrides, 'runtimes' | 'referenceRuntime' | 'python' | 'trust' | 'network' | 'timeoutMs'> {
  const python = one(args, 'python');
  const timeout = integer(args, 'timeout', 1);
  return {
    runtimes: many(args, 'runtime'),
    referenceRuntime: one(args, 'reference-runtime'),
    python: python === undefined || python === 'managed' || !/[/\\]/.test(python) ? python : resolve(python),
    trust: args.trust === true ? true : undefined,
    network: args.network === true ? true : undefined,
    timeoutMs: timeout === undefined ? undefined : timeout * 1000,
  };
}

export const jobs = (args: Args): number => integer(args, 'jobs', 1) ?? availableParallelism();

/** `--no-cache` arrives as false, or as `no-cache` beside a `--cache DIR`. */
export const readsCache = (args: Args): boolean => !many(args, 'cache').includes('false') && args['no-cache'] !== true;

export function cacheFolder(args: Args, suiteRoot: string): string {
  const named =
    many(args, 'cache')
      .filter((v) => v !== 'false' && v !== 'true')
      .at(-1) ?? process.env.ONPAR_CACHE;
  return named ? resolve(named) : join(suiteRoot, '.onpar');
}
