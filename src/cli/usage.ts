import { existsSync } from 'node:fs';
import { OnparError } from '../core/errors.ts';
import { allowedValues, nearest } from '../core/nearest.ts';

/** What yargs says about wrong arguments. */
export class UsageError extends Error {}

/** Options that any command knows, for the nearest right one. */
const OPTIONS = [
  'inputs',
  'samples',
  'dim',
  'range',
  'input',
  'tolerance',
  'runtime',
  'reference-runtime',
  'seed',
  'out',
  'reporter',
  'json',
  'jobs',
  'no-cache',
  'cache',
  'python',
  'deep',
  'map-output',
  'case',
  'tag',
  'shard',
  'investigate',
  'trust',
  'to',
  'exporter',
  'option',
  'weights',
  'timeout',
  'network',
  'all',
  'force',
  'open',
  'help',
  'version',
];

/** yargs' complaint in our words: the value, what is allowed, and the fix. `usages` is every command's, such as `run [targets..]`. */
export function usageError({ message }: UsageError, argv: readonly string[], usages: readonly string[]): OnparError {
  const error = (text: string, fix: string): OnparError => new OnparError({ code: 'usage', message: text, fix });
  const verbs = usages.map((usage) => usage.split(' ')[0] ?? '');
  const verb = argv[0]?.startsWith('-') === true ? argv.find((a) => verbs.includes(a)) : argv[0];
  if (verb === undefined || !verbs.includes(verb))
    return verb === undefined ? error(message, 'see `onpar --help`') : unknownCommand(verb, verbs, error);
  const help = `see \`onpar ${verb} --help\``;
  const unknown = /^Unknown arguments?: (.*)$/s.exec(message)?.[1]?.split(', ')[0];
  if (unknown !== undefined) {
    const option = argv.find((a) => a.startsWith('-') && a.replace(/^-+/, '').split('=')[0] === unknown)?.split('=')[0];
    if (option === undefined) return error(`\`onpar ${verb}\` does not take \`${unknown}\``, help);
    const near = nearest(
      unknown,
      OPTIONS.filter((name) => name !== unknown),
    );
    return error(
      `\`onpar ${verb}\` has no option \`${option}\``,
      near === undefined || OPTIONS.includes(unknown) ? help : `did you mean \`--${near}\`? ${help}`,
    );
  }
  const short = /^Not enough non-option arguments: got (\d+), need at least (\d+)/.exec(message);
  if (short !== null) {
    const usage = usages.find((u) => u.split(' ')[0] === verb) ?? verb;
    return error(
      `\`onpar ${verb}\` got ${short[1]} of the ${short[2]} arguments that it needs`,
      `write \`onpar ${usage}\`; ${help}`,
    );
  }
  const choice = /Argument: (\S+), Given: "(.*)", Choices: (.*)$/.exec(message);
  if (choice !== null) {
    const [, name = '', given = '', choices = ''] = choice;
    return error(
      `\`onpar ${verb}\`: \`${given}\` is no ${name}`,
      allowedValues(
        given,
        choices.split(', ').map((c) => c.replaceAll('"', '')),
      ),
    );
  }
  return error(message, help);
}

function unknownCommand(
  verb: string,
  verbs: readonly string[],
  error: (text: string, fix: string) => OnparError,
): OnparError {
  if (existsSync(verb))
    return error(
      `\`${verb}\` is no command; it looks like a model`,
      `write \`onpar run ${verb} --to FORMAT\`, or \`onpar compare ${verb} CANDIDATE\``,
    );
  const near = nearest(verb, verbs);
  return error(
    `unknown command \`${verb}\``,
    `${near === undefined ? '' : `did you mean \`${near}\`? `}commands: ${verbs.join(', ')}`,
  );
}
