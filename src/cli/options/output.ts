import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Argv } from 'yargs';
import { makeFolder } from '../../core/folders.ts';
import { newRunId } from '../../engine/run-folder.ts';
import { type Args, many, one } from './parse.ts';

/** Where results go. */
export const outputOptions = (y: Argv): Argv =>
  y
    .option('out', { type: 'string', describe: 'The run folder itself (default: reports/<time>)', group: 'Output:' })
    .option('reporter', {
      type: 'string',
      array: true,
      describe: 'terminal, json, html, junit, markdown, github, or a module of your own',
      group: 'Output:',
    })
    .option('json', {
      type: 'boolean',
      describe: 'Print report.json to stdout and nothing else there',
      group: 'Output:',
    });

export function runFolderOf(args: Args): string {
  const out = one(args, 'out');
  return out === undefined ? newRunFolder(resolve('reports'), newRunId(new Date())) : resolve(out);
}

/** A folder that nobody else has: two runs may begin in the same second, and only one of them can make a folder. */
function newRunFolder(parent: string, id: string): string {
  for (let i = 1; ; i++) {
    const dir = join(parent, i === 1 ? id : `${id}-${i}`);
    try {
      makeFolder(parent);
      mkdirSync(dir);
      return dir;
    } catch (error) {
      // Anything else is told, with its fix, by whoever writes into it.
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') return dir;
    }
  }
}

/** The command line's choice, else the suite's, else what every run leaves, with GitHub's annotations where GitHub runs it. */
export function reporterNames(args: Args, suite: readonly string[] | null = null): readonly string[] {
  const asked = many(args, 'reporter').flatMap((names) => names.split(','));
  if (asked.length > 0) return asked;
  if (suite !== null) return suite;
  return ['terminal', 'html', 'junit', 'markdown', ...(process.env.GITHUB_ACTIONS === 'true' ? ['github'] : [])];
}
