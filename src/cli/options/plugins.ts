import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Suite } from '../../suite/suite.ts';
import { type Args, many } from './parse.ts';

/** A plug-in as the user named it: what exists here is a path, anything else the name of a module. */
export const pluginPath = (name: string): string => (existsSync(name) || /^[./\\]/.test(name) ? resolve(name) : name);

/** Loads what the command line and the suites name, before anything is planned. Costs nothing where they name none. */
export async function loadNamedPlugins(args: Args, suites: readonly Suite[]): Promise<void> {
  const named = many(args, 'plugin').map(pluginPath);
  if (named.length === 0 && suites.every(({ plugins = [] }) => plugins.length === 0)) return;
  const { loadPlugins } = await import('../../engine/plugins.ts');
  await loadPlugins(named, process.cwd());
  for (const { plugins = [], root } of suites) await loadPlugins(plugins, root);
}
