import { pathToFileURL } from 'node:url';
import { OnparError } from '../core/errors.ts';
import { importModule } from '../core/import-module.ts';
import type { OptionSpec } from '../records/catalogue.ts';
import type { NodeRuntime, Packages } from './runtime.ts';

/** A runtime of a plug-in: what planning must know, and how it is loaded in the host. */
export interface PluginRuntime {
  readonly name: string;
  readonly formats: readonly string[];
  /** The usual runtime of its formats where a suite names none. */
  readonly reference?: boolean;
  readonly options?: Readonly<Record<string, OptionSpec>>;
  /** Options that switch its optimiser off. */
  readonly unoptimised?: Readonly<Record<string, unknown>>;
  /** A case that proves it, for `onpar toolchain check`; paths below the module's folder. */
  readonly example?: Readonly<Record<string, unknown>>;
  load(packages: Packages): NodeRuntime | Promise<NodeRuntime>;
}

/** An exporter of a plug-in: any command line, `{plugin}` stands for the module's folder. */
export interface PluginExporter {
  readonly name: string;
  readonly from: readonly string[];
  readonly to: string;
  readonly default?: boolean;
  readonly options?: Readonly<Record<string, OptionSpec>>;
  readonly command: readonly string[];
  /** The toolchain whose Python `{python}` stands for. */
  readonly toolchain?: string;
  readonly example?: Readonly<Record<string, unknown>>;
}

/** The default export of a JavaScript module that a suite names under `plugins`. */
export interface Plugin {
  readonly name: string;
  readonly runtimes?: readonly PluginRuntime[];
  readonly exporters?: readonly PluginExporter[];
}

/** Imports a plug-in. Throws OnparError `bad-plugin`. */
export async function importPlugin(path: string): Promise<Plugin> {
  const fail = (why: string, cause?: unknown): OnparError =>
    new OnparError({
      code: 'bad-plugin',
      message: `plug-in ${path}: ${why}`,
      fix: 'its default export must be { name, runtimes?, exporters? }: docs/plugins.md',
      cause,
    });
  let made: unknown;
  try {
    made = ((await importModule(pathToFileURL(path).href)) as { default?: unknown }).default;
  } catch (error) {
    throw fail(`it does not load: ${(error as Error).message.split('\n')[0]}`, error);
  }
  if (typeof made !== 'object' || made === null) throw fail('it has no default export that is an object');
  return made as Plugin;
}

/** The runtimes that a plug-in's module offers, as the host's registry has its own. */
export async function pluginRuntimes(path: string): Promise<Readonly<Record<string, PluginRuntime['load']>>> {
  const { runtimes = [] } = await importPlugin(path);
  return Object.fromEntries(runtimes.map((runtime) => [runtime.name, (packages) => runtime.load(packages)]));
}
