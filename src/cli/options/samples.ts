import { existsSync, readdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Argv } from 'yargs';
import { OnparError } from '../../core/errors.ts';
import type { ImageChoice } from '../../records/images.ts';
import { isPicture, picturesIn } from '../../sample/images/find.ts';
import { imageChoice } from '../../suite/image-choice.ts';
import type { Overrides } from '../../suite/overrides.ts';
import { type Args, integer, many, numbers, pairs } from './parse.ts';

/** What the model is fed: the same words in every command that runs one. */
export const sampleOptions = (y: Argv): Argv =>
  y
    .option('inputs', {
      type: 'string',
      array: true,
      describe:
        'Your own samples: npy, npz, safetensors, csv, json, pictures (png, jpg, webp, gif, tiff), or a folder of them',
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

interface Given {
  readonly files: string[];
  readonly images: ImageChoice[];
}

/** What `--inputs` names; a folder stands for the data files in it, or, where there are none, for the pictures. */
function givenSamples(paths: readonly string[]): Given {
  const given = paths.map(samplesAt);
  return { files: given.flatMap(({ files }) => files), images: given.flatMap(({ images }) => images) };
}

/** Prepared as the input's shape and range suggest: a suite can say more. */
const pictures = (path: string): Given => ({ files: [], images: [imageChoice({ images: path }, (given) => given)] });

function samplesAt(given: string): Given {
  const path = resolve(given);
  if (!existsSync(path))
    throw new OnparError({
      code: 'file-missing',
      message: `--inputs ${given} does not exist`,
      fix: `looked for ${path}`,
    });
  if (!statSync(path).isDirectory()) return isPicture(path) ? pictures(path) : { files: [path], images: [] };
  const files = readdirSync(path)
    .filter((name) => DATA.test(name))
    .sort()
    .map((name) => join(path, name));
  if (files.length === 0 && picturesIn(path).length > 0) return pictures(path);
  if (files.length === 0)
    throw new OnparError({
      code: 'file-missing',
      message: `--inputs ${given} holds no npy, npz, safetensors or csv file and no picture`,
      fix: 'name a folder that does, or the files themselves',
    });
  return { files, images: [] };
}

export function sampleOverrides(
  args: Args,
): Pick<Overrides, 'files' | 'images' | 'samples' | 'special' | 'dims' | 'ranges' | 'seed'> {
  return {
    ...givenSamples(many(args, 'inputs')),
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
