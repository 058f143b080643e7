import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../core/paths.ts';
import { Kernel } from './kernel.ts';

let loaded: Kernel | null | undefined;

/** The compiled kernel, made at first use; null where it cannot be had, and the scalar kernel does the work. */
export function kernel(): Kernel | null {
  loaded ??= load();
  return loaded;
}

/** The module, so that worker threads need not compile it again. */
let compiled: WebAssembly.Module | undefined;
export const kernelModule = (): WebAssembly.Module | undefined => compiled;

function load(): Kernel | null {
  try {
    compiled = new WebAssembly.Module(readFileSync(join(packageRoot, 'dist', 'kernel.wasm')));
    return new Kernel(compiled);
  } catch {
    // A limit on address space (ulimit -v) forbids the 8 GiB that V8 sets aside for any WebAssembly memory; other engines
    // have it switched off. The answer is the same without it, only slower.
    return null;
  }
}
