import { OnparError } from '../core/errors.ts';
import type { SampleChoice } from './suite.ts';

/** `portfolio`, `portfolio:5`, `special` and data files, as a choice. `resolve` makes a path absolute or refuses it. */
export function parseSamples(
  setting: string | readonly string[] | undefined,
  resolve: (path: string) => string,
): SampleChoice {
  if (setting === undefined) return { portfolio: null, special: false, files: [] };
  let portfolio: number | null = 0;
  let special = false;
  const files: string[] = [];
  for (const text of typeof setting === 'string' ? [setting] : setting) {
    if (text === 'portfolio') portfolio = null;
    else if (text === 'special') special = true;
    else if (text.startsWith('portfolio:')) {
      const count = Number(text.slice('portfolio:'.length));
      if (!Number.isInteger(count) || count < 0) {
        throw new OnparError({
          code: 'bad-samples',
          message: `samples: \`${text}\` is not a count`,
          fix: 'write `portfolio` or `portfolio:5`',
        });
      }
      portfolio = count;
    } else files.push(resolve(text));
  }
  return { portfolio, special, files };
}
