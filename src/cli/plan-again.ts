import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import yargs from 'yargs';
import { OnparError } from '../core/errors.ts';
import type { Plan } from '../plan/conversion.ts';
import type { Report } from '../records/report.ts';
import type { Command } from './command.ts';
import { parserConfiguration } from './parser-configuration.ts';

export interface PlannedAgain {
  readonly plan: Plan;
  readonly args: Readonly<Record<string, unknown>>;
  /** The command line of the run, without `onpar`. */
  readonly argv: readonly string[];
}

/**
 * Plans a run once more, from the command line in its report and in the folder where that was called. A run folder may have
 * been moved: then the current folder is tried, too. `commands` are those that plan runs.
 */
export async function planAgain(report: Report, folder: string, commands: readonly Command[]): Promise<PlannedAgain> {
  const { command } = report.run;
  if (command === undefined || command.argv.length === 0)
    throw new OnparError({
      code: 'run-too-old',
      message: `${folder} does not tell how it was run: an earlier version of onpar wrote it`,
      fix: 'run it again with this version (steps that ran are taken from the store), or use `onpar run … --investigate`',
    });
  const { argv } = command;
  const places = [resolve(folder, command.folder), process.cwd()];
  const errors: unknown[] = [];
  for (const place of new Set(places.filter((each) => existsSync(each)))) {
    try {
      return await inFolder(place, () => planned(argv, commands));
    } catch (error) {
      errors.push(error);
    }
  }
  throw errors[0] ?? new OnparError({ code: 'not-a-run', message: `${folder}: the folder it was run in is gone` });
}

async function planned(argv: readonly string[], commands: readonly Command[]): Promise<PlannedAgain> {
  const name = argv[0] ?? '';
  const command = commands.find(({ usage }) => usage.split(' ')[0] === name) ?? commands[0];
  if (command?.plan === undefined)
    throw new OnparError({ code: 'run-too-old', message: `\`onpar ${name}\` plans no run`, fix: 'run it again' });
  let args: Readonly<Record<string, unknown>> = {};
  const parser = yargs(command.usage.startsWith(`${name} `) ? [...argv] : ['run', ...argv])
    .parserConfiguration(parserConfiguration)
    .exitProcess(false)
    .fail((message, error) => {
      throw error ?? new OnparError({ code: 'usage', message });
    })
    .command({
      command: command.usage,
      builder: (y) => command.options(y),
      handler: (parsed) => {
        args = parsed as Readonly<Record<string, unknown>>;
      },
    });
  await parser.parseAsync();
  return { plan: await command.plan(args), args, argv };
}

/** Paths on a command line are relative to where it was called. */
async function inFolder<T>(folder: string, task: () => Promise<T>): Promise<T> {
  const before = process.cwd();
  process.chdir(folder);
  try {
    return await task();
  } finally {
    process.chdir(before);
  }
}
