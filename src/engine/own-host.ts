import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { extname, join } from 'node:path';
import { OnparError } from '../core/errors.ts';
import { digestJson } from '../core/hash.ts';
import type { Conversion } from '../plan/conversion.ts';
import type { RuntimeInfo } from '../records/catalogue.ts';
import { pythonOf } from '../workers/environment.ts';
import { defaultMemoryLimit } from '../workers/isolation.ts';
import type { HostSpec } from '../workers/pool.ts';
import { findInterpreter } from '../workers/toolchains/interpreter.ts';
import type { RunContext } from './context.ts';
import type { ResolvedHost } from './resolved-host.ts';

/** A program of the user's that speaks the worker protocol (docs/worker-protocol.md): it is host, runtime and model in one. */
export const OWN_HOST: RuntimeInfo = {
  name: 'worker',
  formats: ['worker'],
  toolchain: 'own-host',
  isReference: true,
  takesAnyOption: true,
  options: {
    command: {
      type: 'array',
      description:
        'The command line that starts it, `{host}` for the file; default: Python for .py, Node for .js, .mjs and .cjs, else the file itself',
    },
  },
};

const hellos = new WeakMap<RunContext, Map<string, Promise<ResolvedHost>>>();

/** Starts the program once a run, to learn which versions answer: they belong to the key of what it answers. */
export function resolveOwnHost(
  ctx: RunContext,
  conversion: Conversion,
  role: 'reference' | 'candidate',
): Promise<ResolvedHost> {
  const known = hellos.get(ctx) ?? new Map<string, Promise<ResolvedHost>>();
  hellos.set(ctx, known);
  const key = JSON.stringify([conversion.id, role]);
  const found = known.get(key) ?? greet(ctx, conversion, role);
  found.catch(() => {});
  known.set(key, found);
  return found;
}

async function greet(ctx: RunContext, conversion: Conversion, role: 'reference' | 'candidate'): Promise<ResolvedHost> {
  const { case: c, source, existing } = conversion;
  const model = role === 'candidate' && existing !== null ? existing : source;
  const command = await commandOf(model.path, conversion[role].options.command, c);
  const host: HostSpec = {
    kind: 'command',
    command,
    root: c.root,
    limits: { memoryBytes: defaultMemoryLimit(), network: c.network },
  };
  const hello = await ctx.pool.use(host, (worker) => worker.hello(c.timeoutMs));
  const packages = { ...hello.packages };
  return {
    host,
    digest: digestJson([command, hello.host, hello.language, hello.version, packages]),
    label: `${hello.host}, ${hello.language} ${hello.version}`,
    packages,
  };
}

async function commandOf(path: string, given: unknown, { python, root }: Conversion['case']): Promise<string[]> {
  if (given !== undefined) {
    const parts = given as readonly unknown[];
    if (parts.length > 0 && parts.every((part) => typeof part === 'string'))
      return parts.map((part) => part.replaceAll('{host}', path));
    throw new OnparError({
      code: 'option-value',
      message: `option \`command\` of \`worker\` is ${JSON.stringify(given)}`,
      fix: "write a list of texts: command: [ruby, '{host}']",
      exitCode: 1,
    });
  }
  const extension = extname(path).toLowerCase();
  if (/^\.[cm]?js$/.test(extension)) return [process.execPath, path];
  if (extension === '.py') return [await pythonFor(python, root), path];
  try {
    accessSync(path, constants.X_OK);
    return [path];
  } catch {
    throw new OnparError({
      code: 'worker-start-failed',
      message: `${path} is no Python or Node file and is not executable`,
      fix: "make it executable, or say how it is started: options: { command: [ruby, '{host}'] }",
      exitCode: 3,
    });
  }
}

/** The case's own Python, an active or nearby environment, else whichever is found: a plain file asks for the language alone. */
async function pythonFor(python: string | null, root: string): Promise<string> {
  const own = [python === 'managed' ? null : python, process.env.VIRTUAL_ENV, join(root, '.venv')].find(
    (place) => place !== null && place !== undefined && place !== '' && (place === python || existsSync(place)),
  );
  if (own === undefined || own === null) return (await findInterpreter()).path;
  return statSync(own, { throwIfNoEntry: false })?.isDirectory() === true ? pythonOf(own) : own;
}
