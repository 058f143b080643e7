import { ensureNode, type Needs } from './toolchains/managed.ts';
import { type Toolchain, toolchain } from './toolchains/manifest.ts';
import type { InstallListener } from './toolchains/recipe.ts';

/** The packages that a Node toolchain's runtimes load, in a folder of their own. */
export interface NodeEnvironment {
  readonly kind: 'node';
  readonly toolchain: Toolchain;
  /** Holds `node_modules`. */
  readonly dir: string;
  readonly label: string;
  readonly packages: Readonly<Record<string, string>>;
  /** Part of every key: changes whenever a package does. */
  readonly digest: string;
  readonly needs: Needs;
}

/** Finds the environment of a Node toolchain, installing it, and what it builds on, when it is not there yet. */
export async function resolveNodeEnvironment(name: string, listen: InstallListener): Promise<NodeEnvironment> {
  const chain = toolchain(name);
  const { installed, needs } = await ensureNode(chain, listen);
  const { dir, packages, digest } = installed;
  return { kind: 'node', toolchain: chain, dir, label: `${chain.name} (managed)`, packages, digest, needs };
}
