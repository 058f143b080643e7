import type { Argv } from 'yargs';
import { OnparError } from '../../core/errors.ts';
import type { Selection } from '../../plan/select.ts';
import { type Args, many, one } from './parse.ts';

/** Which conversions of a suite. */
export const selectionOptions = (y: Argv): Argv =>
  y
    .option('case', {
      type: 'string',
      array: true,
      describe: 'Only cases or conversions that match this glob',
      group: 'Selection:',
    })
    .option('tag', { type: 'string', array: true, describe: 'Only conversions with this tag', group: 'Selection:' })
    .option('shard', {
      type: 'string',
      describe: 'One part of a suite that is split over machines: --shard 1/4',
      group: 'Selection:',
    });

export function selection(args: Args): Selection {
  const text = one(args, 'shard');
  return { cases: many(args, 'case'), tags: many(args, 'tag'), ...(text === undefined ? {} : { shard: shard(text) }) };
}

function shard(text: string): { index: number; count: number } {
  const [, index, count] = /^(\d+)\/(\d+)$/.exec(text) ?? [];
  const parsed = { index: Number(index), count: Number(count) };
  if (!(parsed.index >= 1 && parsed.index <= parsed.count)) {
    throw new OnparError({
      code: 'bad-option',
      message: `--shard \`${text}\``,
      fix: 'write --shard i/n with 1 ≤ i ≤ n, for example --shard 2/4',
    });
  }
  return parsed;
}
