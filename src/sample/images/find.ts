import { readdirSync, statSync } from 'node:fs';
import { basename, dirname, join, sep } from 'node:path';
import { OnparError } from '../../core/errors.ts';

const PICTURE = /\.(png|jpe?g|webp|gif|tiff?)$/i;

/** Whether a file's name says that it is a picture that can be read. */
export const isPicture = (path: string): boolean => PICTURE.test(path);

/** The pictures of a folder and its subfolders, relative to it, in the order of their names. */
export const picturesIn = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => isPicture(entry.name) && !entry.name.startsWith('.') && !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .map((name) => name.split(sep).join('/'))
    .sort();

export interface FoundPictures {
  /** What the names are relative to. */
  readonly folder: string;
  readonly names: readonly string[];
  /** How many there were to choose from. */
  readonly of: number;
}

/**
 * The pictures at a path, at most `limit`: evenly spaced over the sorted names, so that each class of a folder that is
 * sorted by classes has its share. OnparError `images-missing` when there is none.
 */
export function findPictures(path: string, limit: number): FoundPictures {
  if (!statSync(path).isDirectory()) return { folder: dirname(path), names: [basename(path)], of: 1 };
  const folder = path.endsWith(sep) ? path.slice(0, -1) : path;
  const all = picturesIn(folder);
  if (all.length === 0) {
    throw new OnparError({
      code: 'images-missing',
      message: `${path} holds no picture`,
      fix: 'name a folder with png, jpg, webp, gif or tiff files in it or below it',
    });
  }
  const count = Math.min(limit, all.length);
  const names = Array.from({ length: count }, (_, i) => all[Math.floor((i * all.length) / count)] as string);
  return { folder, names, of: all.length };
}
