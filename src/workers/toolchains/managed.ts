import { join } from 'node:path';
import { ensureInstalled, findInstalled } from './install.ts';
import { type Toolchain, toolchain } from './manifest.ts';
import { nodeRecipe } from './node-recipe.ts';
import { type PythonStamp, pythonRecipe } from './python-recipe.ts';
import type { Installed, InstallListener, Recipe, Stamp } from './recipe.ts';
import { sitePackages } from './site-packages.ts';

/** Toolchain → its site-packages folder, for a Node toolchain that uses a library out of a Python wheel. */
export type Needs = Readonly<Record<string, string>>;

/** What installing a Python toolchain means; a plug-in may share the environment of another one. */
export function managedPython(chain: Toolchain): Recipe<PythonStamp> {
  const environmentOf = chain.plugin?.environmentOf ?? null;
  if (environmentOf !== null) return managedPython(toolchain(environmentOf));
  return pythonRecipe({
    name: chain.name,
    lockFile: chain.lockFile,
    lockDigest: chain.lockDigest,
    sizeMb: chain.installedMb === 0 ? null : chain.installedMb,
    hashed: chain.plugin?.hashed ?? true,
    requirementsFile: join(chain.dir, 'requirements.in'),
  });
}

const managedNode = (chain: Toolchain, needs: Needs): Recipe<Stamp> =>
  nodeRecipe({
    name: chain.name,
    folder: chain.dir,
    lockDigest: chain.lockDigest,
    sizeMb: chain.installedMb,
    build: chain.build,
    needs,
  });

const packagesFolder = ({ dir }: Installed<Stamp>): string => sitePackages(dir) ?? dir;

/** How names of a toolchain's folder begin; null where what it needs is not installed, so that nobody can tell. */
export function folderPrefix(chain: Toolchain): string | null {
  if (chain.language === 'python') return managedPython(chain).prefix;
  const needs = foundNeeds(chain);
  return needs === null ? null : managedNode(chain, needs).prefix;
}

function foundNeeds(chain: Toolchain): Needs | null {
  const needs: [string, string][] = [];
  for (const name of chain.needs) {
    const found = findInstalled(managedPython(toolchain(name)));
    if (found === undefined) return null;
    needs.push([name, packagesFolder(found)]);
  }
  return Object.fromEntries(needs);
}

/** A toolchain of either language as it lies on this machine; undefined where it, or what it needs, is not installed. */
export function findManaged(chain: Toolchain): Installed<Stamp> | undefined {
  if (chain.language === 'python') return findInstalled(managedPython(chain));
  const needs = foundNeeds(chain);
  return needs === null ? undefined : findInstalled(managedNode(chain, needs));
}

/** What a Node toolchain builds on, installed where it is not there yet. */
export const ensureNeeds = async (chain: Toolchain, listen: InstallListener): Promise<Needs> =>
  Object.fromEntries(
    await Promise.all(
      chain.needs.map(async (name) => {
        const found = await ensureInstalled(managedPython(toolchain(name)), listen);
        return [name, packagesFolder(found)] as const;
      }),
    ),
  );

/** A Node toolchain, installed with what it needs where it is not there yet. */
export async function ensureNode(
  chain: Toolchain,
  listen: InstallListener,
): Promise<{ readonly installed: Installed<Stamp>; readonly needs: Needs }> {
  const needs = await ensureNeeds(chain, listen);
  return { installed: await ensureInstalled(managedNode(chain, needs), listen), needs };
}

/** Installs a toolchain of either language. */
export async function ensureManaged(chain: Toolchain, listen: InstallListener): Promise<Installed<Stamp>> {
  return chain.language === 'python'
    ? ensureInstalled(managedPython(chain), listen)
    : (await ensureNode(chain, listen)).installed;
}
