import { OnparError } from '../../core/errors.ts';
import type { Command } from '../command.ts';

/** A verb of the design that is not built yet: it parses, and says so, instead of pretending. */
const later = (usage: string, describe: string): Command => ({
  // Nothing is demanded: whoever calls it is told that it is missing, not how to call it.
  usage: usage.replaceAll('<', '[').replaceAll('>', ']'),
  describe: `${describe} (not built yet)`,
  options: (y) => y.strict(false),
  run: async () => {
    throw new OnparError({
      code: 'not-built',
      message: `\`onpar ${usage.split(' ')[0]}\` is not built yet`,
      fix: 'CHANGELOG.md tells what each version can do',
    });
  },
});

export const LATER: readonly Command[] = [
  later('diff <a> <b>', 'What changed between two runs'),
  later('pack <case>', 'Pack a proven conversion with its evidence'),
  later('verify <package>', 'Prove a package again'),
  later('serve <package>', 'Serve a package'),
  later('cache [action]', 'Look after the store of steps'),
];
