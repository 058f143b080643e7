import { existsSync, readdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Argv } from 'yargs';
import { OnparError } from '../../core/errors.ts';
import type { Overrides } from '../../suite/overrides.ts';
import { type Args, integer, many, numbers, pairs } from './parse.ts';

/** What the model is fed: the same words in every command that runs one. */
export const sampleOptions = (y: Argv): Argv =>
  y
    .option('inputs', {
      type: 'string',
      array: true,
      describe: 'Your own samples: npy, npz, safetensors, csv, json, or a folder of them',
      group: 'Samples:',
    })
    .option('samples', {
      type: 'string',
      describe: 'How many of the built-in portfolio (default: all; none beside --inputs)',
      group: 'Samples:',
    })
    .option('special', {
      type: 'boolean',
      describe: 'Also NaN, infinities and denormal numbers, judged apart',
      group: 'Samples:',
    })
    .option('dim', {
      type: 'string',
      array: true,
      describe: 'Sizes to try for a dynamic dimension: --dim batch=1,2,8',
      group: 'Samples:',
    })
    .option('range', {
      type: 'string',
      array: true,
      describe: 'Legal values of an input: --range image=0,255',
      group: 'Samples:',
    })
    .option('seed', { type: 'string', describe: 'Seed of every random number (default 0)', group: 'Samples:' });

/** A JSON file beside data is as likely a description of it, so it counts only where it is named. */
const DATA = /\.(npy|npz|safetensors|csv|tsv)$/i;

/** Data files of `--inputs`; a folder stands for the data files in it. */
function dataFiles(paths: readonly string[]): string[] {
  return paths.flatMap((given) => {
    const path = resolve(given);
    if (!existsSync(path))
      throw new OnparError({
        code: 'file-missing',
        message: `--inputs ${given} does not exist`,
        fix: `looked for ${path}`,
      });
    if (!statSync(path).isDirectory()) return [path];
    const files = readdirSync(path)
      .filter((name) => DATA.test(name))
      .sort()
      .map((name) => join(path, name));
    if (files.length === 0)
      throw new OnparError({
        code: 'file-missing',
        message: `--inputs ${given} holds no npy, npz, safetensors or csv file`,
        fix: 'name a folder that does, or the files themselves',
      });
    return files;
  });
}

export function sampleOverrides(
  args: Args,
): Pick<Overrides, 'files' | 'samples' | 'special' | 'dims' | 'ranges' | 'seed'> {
  return {
    files: dataFiles(many(args, 'inputs')),
    samples: integer(args, 'samples', 0),
    special: args.special === true ? true : undefined,
    dims: Object.fromEntries(
      pairs(args, 'dim', 'NAME=1,2,8').map(([name, text]) => [name, numbers('dim', text, 'NAME=1,2,8', true)]),
    ),
    ranges: Object.fromEntries(
      pairs(args, 'range', 'NAME=lo,hi').map(([name, text]) => {
        const [low, high, ...rest] = numbers('range', text, 'NAME=lo,hi', false);
        if (low === undefined || high === undefined || rest.length > 0 || low > high) {
          throw new OnparError({
            code: 'bad-option',
            message: `--range \`${name}=${text}\``,
            fix: 'write --range NAME=lo,hi with lo ≤ hi',
          });
        }
        return [name, [low, high]] as const;
      }),
    ),
    seed: integer(args, 'seed', 0),
  };
}
