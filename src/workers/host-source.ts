import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { digestFile, digestJson, filesBelow } from '../core/hash.ts';
import { packageRoot } from '../core/paths.ts';
import { convertersFolder, type Toolchain, toolchain } from './toolchains/manifest.ts';

const digests = new Map<string, string>();

/** Digest of what a program consists of, computed once a process. */
function once(key: string, compute: () => string): string {
  const digest = digests.get(key) ?? compute();
  digests.set(key, digest);
  return digest;
}

const pythonBelow = (folder: string): string =>
  once(folder, () =>
    digestJson(
      filesBelow(folder)
        .filter((file) => file.endsWith('.py') || file === 'toolchain.json')
        .map((file) => [file, digestFile(join(folder, file))]),
    ),
  );

/**
 * Digest of the program that answers for a toolchain: the Python host with the modules of the toolchain and of those that it
 * uses, or the Node host. Part of every key, so that a mended host asks again instead of answering from the store.
 */
export function hostSource(chain: Toolchain | null): string {
  if (chain?.language === 'python') {
    const used = chain.uses.map((name) => toolchain(name).dir);
    return digestJson([join(convertersFolder, 'host'), chain.dir, ...used].map(pythonBelow));
  }
  const program = join(packageRoot, 'dist', 'node-host.js');
  return once(program, () => (existsSync(program) ? digestFile(program) : ''));
}
