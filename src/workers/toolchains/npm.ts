import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/**
 * npm as a command that needs no shell: its own entry file, run by this Node. The npm that started us comes first, then
 * the one that came with this Node, then whatever PATH holds.
 */
export function npmCommand(): readonly [file: string, ...prefix: string[]] {
  const started = process.env.npm_execpath;
  // pnpm and yarn set the same variable.
  if (started !== undefined && basename(started) === 'npm-cli.js') return [process.execPath, started];
  const home = dirname(process.execPath);
  const entry = [home, join(home, '..', 'lib')]
    .map((folder) => join(folder, 'node_modules', 'npm', 'bin', 'npm-cli.js'))
    .find((path) => existsSync(path));
  if (entry !== undefined) return [process.execPath, entry];
  return [process.platform === 'win32' ? 'npm.cmd' : 'npm'];
}

/**
 * The environment of every npm call: registry, proxy and certificates as the user has them, but nothing of the package
 * whose script may have started us (`npm run …` hands its own folder down).
 */
export const npmEnvironment = (): Record<string, string | undefined> =>
  Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) => !/^(npm_(package|lifecycle)_|npm_config_(local_prefix|prefix|omit|include|workspace))/i.test(name),
    ),
  );
