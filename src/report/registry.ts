import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { OnparError } from '../core/errors.ts';
import { importModule } from '../core/import-module.ts';
import type { Reporter, ReporterFactory } from './reporter.ts';

/** One line a reporter. Loaded when asked for, because the HTML one brings a renderer that most commands never need. */
const REPORTERS = {
  terminal: async () => (await import('./reporters/terminal.ts')).createTerminal,
  json: async () => (await import('./reporters/json.ts')).createJson,
  junit: async () => (await import('./reporters/junit.ts')).createJunit,
  markdown: async () => (await import('./reporters/markdown.ts')).createMarkdown,
  github: async () => (await import('./reporters/github.ts')).createGithub,
  html: async () => (await import('./reporters/html.ts')).createHtml,
} as const satisfies Record<string, () => Promise<ReporterFactory>>;

type ReporterName = keyof typeof REPORTERS;
export const REPORTER_NAMES: readonly ReporterName[] = Object.keys(REPORTERS) as ReporterName[];

/**
 * The reporter of that name: one of ours, else a module name or a path, resolved from `base` (the suite's folder).
 * A module's default export is a reporter or a function that makes one. Throws `reporter-unknown` or `reporter-invalid`.
 */
export async function loadReporter(name: string, base: string = process.cwd()): Promise<Reporter> {
  if (Object.hasOwn(REPORTERS, name)) return (await REPORTERS[name as ReporterName]())();
  const loaded = await importOutside(name, base);
  const made: unknown = typeof loaded === 'function' ? await loaded() : loaded;
  if (isReporter(made)) return made;
  throw new OnparError({
    code: 'reporter-invalid',
    message: `reporter module ${JSON.stringify(name)} does not export a reporter`,
    fix: 'Export default an object {name, onRunStart?, onEvent?, onCase?, onRunEnd?}, or a function that returns one.',
  });
}

async function importOutside(name: string, base: string): Promise<unknown> {
  try {
    const isPath = /^[./\\]|^[A-Za-z]:[\\/]/.test(name);
    const file = isPath ? resolve(base, name) : createRequire(resolve(base, 'noop.js')).resolve(name);
    const module = (await importModule(pathToFileURL(file).href)) as Record<string, unknown>;
    return module.default ?? module.reporter;
  } catch (cause) {
    throw new OnparError({
      code: 'reporter-unknown',
      message: `no reporter ${JSON.stringify(name)}: ${cause instanceof Error ? cause.message.split('\n')[0] : String(cause)}`,
      fix: `Use one of ${REPORTER_NAMES.join(', ')}, or the name of an installed module, or a path that begins with ./`,
      cause,
    });
  }
}

const HOOKS = ['onRunStart', 'onEvent', 'onCase', 'onRunEnd'] as const;

function isReporter(value: unknown): value is Reporter {
  if (typeof value !== 'object' || value === null) return false;
  const candidate = value as Record<string, unknown>;
  const hooks = HOOKS.filter((hook) => candidate[hook] !== undefined);
  return (
    typeof candidate.name === 'string' &&
    hooks.length > 0 &&
    hooks.every((hook) => typeof candidate[hook] === 'function')
  );
}
