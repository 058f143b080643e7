import { OnparError } from '../core/errors.ts';
import { nearest } from '../core/nearest.ts';

/** What yargs says about wrong arguments. */
export class UsageError extends Error {}

/** Options that any command knows, for the nearest right one. */
const OPTIONS = [
  'inputs', 'samples', 'dim', 'range', 'input', 'tolerance', 'runtime', 'reference-runtime', 'seed', 'out', 'reporter', 'json', 'jobs', 'no-cache',
  'cache', 'python', 'deep', 'map-output', 'case', 'tag', 'shard', 'investigate', 'trust', 'to', 'exporter', 'option', 'weights', 'timeout', 'network',
  'all', 'force', 'open', 'help', 'version',
];

export function unknownOption(error: UsageError, argv: readonly string[]): OnparError {
  const unknown = /^Unknown arguments?: (.*)$/.exec(error.message)?.[1]?.split(', ')[0];
  const near = unknown === undefined ? undefined : nearest(unknown.replace(/^-+/, ''), OPTIONS);
  const verb = argv.find((a) => !a.startsWith('-'));
  const help = `see \`onpar ${verb === undefined ? '' : `${verb} `}--help\``;
  return new OnparError({ code: 'usage', message: error.message, fix: near === undefined ? help : `did you mean \`--${near}\`? ${help}` });
}
