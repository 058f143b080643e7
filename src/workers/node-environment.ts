import { ensureInstalled } from './toolchains/install.ts';
import { ensureNeeds, ensureNode, type Needs } from './toolchains/managed.ts';
import { type Toolchain, toolchain } from './toolchains/manifest.ts';
import type { Pin } from './toolchains/pin.ts';
import { pinnedNode } from './toolchains/pinned-node.ts';
import { modulePlace } from './toolchains/plugin.ts';
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
  const module = chain.plugin?.module ?? null;
  // Its packages are installed by whoever wrote or installed the plug-in.
  if (module !== null)
    return { kind: 'node', toolchain: chain, dir: chain.dir, label: chain.name, ...modulePlace(module), needs: {} };
  const { installed, needs } = await ensureNode(chain, listen);
  const { dir, packages, digest } = installed;
  return { kind: 'node', toolchain: chain, dir, label: `${chain.name} (managed)`, packages, digest, needs };
}

/** What stands for the packages that onpar itself depends on, where one of them is asked for in another version. */
const own = (framework: string): Toolchain => ({
  name: framework,
  title: framework,
  dir: '',
  language: 'node',
  framework,
  needs: [],
  build: null,
  browser: false,
  uses: [],
  installedMb: 0,
  installedMbCpu: null,
  lockFile: '',
  lockDigest: '',
  exporters: [],
  runtimes: [],
});

/** A folder with a runtime's package in the version asked for; `name` is `node` for packages that onpar itself depends on. */
export async function resolvePinnedNode(name: string, pin: Pin, listen: InstallListener): Promise<NodeEnvironment> {
  const chain = name === 'node' ? null : toolchain(name);
  const needs = chain === null ? {} : await ensureNeeds(chain, listen);
  const { dir, packages, digest } = await ensureInstalled(pinnedNode({ pin, chain, needs }), listen);
  const label = chain === null ? `${pin.package} ${pin.version}` : `${chain.name} (${pin.package} ${pin.version})`;
  return { kind: 'node', toolchain: chain ?? own(pin.package), dir, label, packages, digest, needs };
}
