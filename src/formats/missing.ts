import { existsSync, readdirSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { OnparError } from '../core/errors.ts';
import { nearest } from '../core/nearest.ts';

/** How many names of a folder an error shows. */
const SHOWN = 8;

/** The error for a path that is not there: what stands beside it, and what was probably meant. */
export function missingFile(shown: string, path: string): OnparError {
  const code = 'model-file-missing';
  const folder = dirname(path);
  if (!existsSync(folder)) {
    return new OnparError({
      code,
      message: `${shown} does not exist, nor does its folder ${folder}`,
      fix: 'check the path',
    });
  }
  const names = safeNames(folder);
  const near = nearest(basename(path), names);
  const prefix = shown.slice(0, shown.length - basename(path).length);
  const more = names.length > SHOWN ? ` and ${names.length - SHOWN} more` : '';
  const list = names.length === 0 ? `${folder} is empty` : `${folder} holds ${names.slice(0, SHOWN).join(', ')}${more}`;
  return new OnparError({
    code,
    message: `${shown} does not exist`,
    fix: near === undefined ? list : `did you mean \`${prefix}${near}\`?`,
  });
}

function safeNames(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => !name.startsWith('.'))
      .sort();
  } catch {
    return [];
  }
}
