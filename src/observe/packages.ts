import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Packages } from './runtime.ts';

/** The packages below a toolchain's folder, or with null those that onpar itself depends on. */
export function packagesIn(dir: string | null, needs: Readonly<Record<string, string>>): Packages {
  const require = createRequire(dir === null ? import.meta.url : join(dir, 'package.json'));
  /** Looked for as Node does: `exports` of a package may hide its package.json and its files. */
  const folder = (name: string): string => {
    const found = (require.resolve.paths(name) ?? [])
      .map((modules) => join(modules, name))
      .find((path) => existsSync(join(path, 'package.json')));
    if (found === undefined) throw new Error(`the package ${name} is not installed`);
    return found;
  };
  return {
    dir,
    needs,
    require,
    folder,
    version: (name) =>
      (JSON.parse(readFileSync(join(folder(name), 'package.json'), 'utf8')) as { version: string }).version,
  };
}
