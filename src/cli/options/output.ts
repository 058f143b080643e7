import { join, resolve } from 'node:path';
import type { Argv } from 'yargs';
import { newRunId } from '../../engine/run-folder.ts';
import { type Args, many, one } from './parse.ts';

/** Where results go. */
export const outputOptions = (y: Argv): Argv =>
  y
    .option('out', { type: 'string', describe: 'The run folder itself (default: reports/<time>)', group: 'Output:' })
    .option('reporter', { type: 'string', array: true, describe: 'terminal, json, html, junit, markdown, github, or a module of your own', group: 'Output:' })
    .option('json', { type: 'boolean', describe: 'Print report.json to stdout and nothing else there', group: 'Output:' });

export const runFolderOf = (args: Args): string => resolve(one(args, 'out') ?? join('reports', newRunId(new Date())));

/** The command line's choice, else the suite's, else what every run leaves, with GitHub's annotations where GitHub runs it. */
export function reporterNames(args: Args, suite: readonly string[] | null = null): readonly string[] {
  const asked = many(args, 'reporter').flatMap((names) => names.split(','));
  if (asked.length > 0) return asked;
  if (suite !== null) return suite;
  return ['terminal', 'html', 'junit', 'markdown', ...(process.env.GITHUB_ACTIONS === 'true' ? ['github'] : [])];
}
