import { mkdir, rename, writeFile } from 'node:fs/promises';
import { dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import type { ReporterContext, TextStream } from './reporter.ts';

interface MaybeTerminal extends TextStream {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
}

interface ContextInit {
  readonly outDir: string;
  readonly stdout?: MaybeTerminal;
  readonly stderr?: MaybeTerminal;
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
}

/** The context that reporters of one run share; streams and environment default to the process's own. */
export function createContext({
  outDir,
  stdout = process.stdout,
  stderr = process.stderr,
  env = process.env,
  cwd = process.cwd(),
}: ContextInit): ReporterContext {
  const folder = resolve(cwd, outDir);
  const written: string[] = [];
  return {
    outDir: folder,
    written,
    stdout,
    stderr,
    env,
    cwd,
    isTTY: stderr.isTTY === true && !isSet(env.CI) && env.TERM !== 'dumb',
    // A CI log has no edge; this is where most viewers begin to wrap.
    columns: stderr.columns || Number(env.COLUMNS) || 120,
    colour: wantsColour(stdout, env),
    async write(name, text) {
      const path = resolve(folder, name);
      const inside = relative(folder, path);
      // An outside reporter may pass on a name that came out of a model.
      if (inside.startsWith(`..${sep}`) || inside === '..' || isAbsolute(inside))
        throw new Error(`${name} is not inside the run folder`);
      await mkdir(dirname(path), { recursive: true });
      const scratch = join(dirname(path), `.${process.pid}.${written.length}.tmp`);
      await writeFile(scratch, text);
      await rename(scratch, path);
      written.push(path);
      return path;
    },
  };
}

const isSet = (value: string | undefined): boolean =>
  value !== undefined && value !== '' && value !== '0' && value !== 'false';

/** no-color.org and force-color.org: an explicit wish wins over what the stream is; NO_COLOR wins over both. */
export function wantsColour(stream: MaybeTerminal, env: Readonly<Record<string, string | undefined>>): boolean {
  if (env.NO_COLOR !== undefined && env.NO_COLOR !== '') return false;
  if (env.FORCE_COLOR !== undefined) return env.FORCE_COLOR !== '0' && env.FORCE_COLOR !== 'false';
  return stream.isTTY === true && env.TERM !== 'dumb';
}
