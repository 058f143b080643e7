// Python environments of the benches, locked and installed like a toolchain.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export const root = join(import.meta.dirname, '..', '..');
/** onpar's own entry file, as the package's `bin` names it. */
export const cli = [process.execPath, join(root, 'dist', 'cli.js')];

const tell = (name, message) => process.stderr.write(`onpar: ${name}: ${message}\n`);
const isWindows = process.platform === 'win32';

/** The peer: Polygraphy and the onnxruntime it runs, from PyPI. */
export async function polygraphyEnvironment() {
  const { ensureInstalled, pythonRecipe, sitePackages } = await import('../../build/dev.js');
  const lockFile = join(import.meta.dirname, '..', 'polygraphy', 'requirements.lock');
  const lockDigest = createHash('sha256').update(readFileSync(lockFile)).digest('hex');
  const { dir, python } = await ensureInstalled(
    pythonRecipe({ name: 'polygraphy', lockFile, lockDigest, sizeMb: 200, hashed: true }),
    tell,
  );
  return {
    python,
    polygraphy: join(dir, isWindows ? 'Scripts' : 'bin', isWindows ? 'polygraphy.exe' : 'polygraphy'),
    packages: sitePackages(dir),
  };
}

/** onpar's own PyTorch toolchain: both sides of a bench use its interpreter and its torch, file by file the same. */
export const pytorchEnvironment = () => toolchainEnvironment('pytorch');

/** One of onpar's own toolchains, installed when it is not there yet. */
export async function toolchainEnvironment(wanted) {
  const { ensureInstalled, managedPython, toolchains } = await import('../../build/dev.js');
  const chain = toolchains().find(({ name }) => name === wanted);
  const { python } = await ensureInstalled(managedPython(chain), tell);
  return { python };
}
