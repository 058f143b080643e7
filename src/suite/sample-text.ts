import { OnparError } from '../core/errors.ts';
import type { ImageChoice } from '../records/images.ts';
import { imageChoice } from './image-choice.ts';
import type { SamplesSetting } from './schema.ts';
import type { SampleChoice } from './suite.ts';

/** `portfolio`, `portfolio:5`, `special`, data files and pictures, as a choice. `resolve` makes a path absolute or refuses it. */
export function parseSamples(setting: SamplesSetting | undefined, resolve: (path: string) => string): SampleChoice {
  if (setting === undefined) return { portfolio: null, special: false, files: [], images: [] };
  let portfolio: number | null = 0;
  let special = false;
  const files: string[] = [];
  const images: ImageChoice[] = [];
  for (const text of Array.isArray(setting) ? setting : [setting]) {
    if (typeof text !== 'string') images.push(imageChoice(text, resolve));
    else if (text === 'portfolio') portfolio = null;
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
  return { portfolio, special, files, images };
}
