import { existsSync } from 'node:fs';
import { join } from 'node:path';

export const SUITE_NAMES: readonly string[] = ['onpar.yaml', 'onpar.yml', 'onpar.json', 'onpar.config.ts'];

/** The suite in a folder, by the names that a suite may have; undefined when there is none. */
export const findSuite = (folder: string): string | undefined =>
  SUITE_NAMES.map((name) => join(folder, name)).find((path) => existsSync(path));

/** True for arguments that name a suite rather than a model. */
export const looksLikeSuite = (path: string): boolean =>
  /\.(ya?ml|json)$/i.test(path) || /\.config\.[cm]?[jt]s$/.test(path);
