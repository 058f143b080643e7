import yargs from 'yargs';
import { packageVersion } from '../core/paths.ts';
import { COMMANDS } from './commands/registry.ts';
import { parserConfiguration } from './parser-configuration.ts';
import { printError } from './print-error.ts';
import { UsageError, usageError } from './usage.ts';

/** Options common to the whole program stand here; everything else is declared by its command. */
export async function main(argv: readonly string[]): Promise<number> {
  let exitCode = 0;
  const parser = yargs([...withDefaultVerb(argv)])
    .scriptName('onpar')
    .usage('$0 <command> [options]\n\nProves that a converted model still answers like the original.')
    .version(packageVersion)
    .help()
    .strict()
    .demandCommand(1, 'which command?')
    .recommendCommands()
    .wrap(Math.min(110, process.stdout.columns || 110))
    .parserConfiguration(parserConfiguration)
    .completion('completion', 'Print a shell completion script')
    .epilogue(
      'Exit codes: 0 parity holds · 1 it does not · 2 usage or suite error · 3 the environment failed · 70 a bug in onpar · 130 interrupted',
    )
    .exitProcess(false)
    .fail((message, error) => {
      throw error ?? new UsageError(message);
    });
  for (const command of COMMANDS) {
    parser.command({
      command: command.usage,
      describe: command.describe,
      builder: (y) => command.options(y),
      handler: async (args) => {
        exitCode = await command.run(args as Readonly<Record<string, unknown>>);
      },
    });
  }
  withoutHelpText(parser);
  try {
    await parser.parseAsync();
    return exitCode;
  } catch (error) {
    return printError(
      error instanceof UsageError
        ? usageError(
            error,
            withDefaultVerb(argv),
            COMMANDS.map((c) => c.usage),
          )
        : error,
    );
  }
}

/** yargs lays out the whole help text after each command, in case somebody asks for it later. Nobody does. */
function withoutHelpText(parser: unknown): void {
  const usage = (parser as { getInternalMethods?(): { getUsageInstance(): { cacheHelpMessage?: () => void } } })
    .getInternalMethods?.()
    .getUsageInstance();
  if (usage?.cacheHelpMessage !== undefined) usage.cacheHelpMessage = () => {};
}

/** Whether the word behind this one is its value. */
const takesValue = (word = ''): boolean =>
  /^--[^=]+$/.test(word) && !/^--(json|deep|trust|network|no-.*|all|force|open|investigate)$/.test(word);

/** `onpar suite.yaml` and a bare `onpar` in a folder with a suite mean `onpar run`. */
function withDefaultVerb(argv: readonly string[]): readonly string[] {
  const [first] = argv;
  const known = ['completion', ...COMMANDS.map((c) => c.usage.split(' ')[0])];
  if (first === undefined || first.startsWith('-')) {
    // `--out run` names a folder, `--json run` a command.
    const names = argv.some((a, i) => known.includes(a) && !takesValue(argv[i - 1]));
    return names ||
      argv.some((a) => ['--help', '--version', '-h'].includes(a) || a.startsWith('--get-yargs-completions'))
      ? argv
      : ['run', ...argv];
  }
  return !known.includes(first) && /\.(ya?ml|json)$|\.config\.[cm]?[jt]s$/.test(first) ? ['run', ...argv] : argv;
}
