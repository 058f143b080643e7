import { existsSync, readFileSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';
import { sha256 } from '../core/hash.ts';
import { nvidiaDriver } from '../workers/nvidia.ts';

let features: string | undefined;

/**
 * Names the processor's instruction sets, and the GPUs with their driver where there are any: kernels are chosen by them, so
 * they are part of every key that runs a model.
 */
export function cpuFeatures(): string {
  if (features === undefined) {
    const info = existsSync('/proc/cpuinfo')
      ? /^(?:flags|Features)\s*:\s*(.*)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1]
      : undefined;
    const driver = nvidiaDriver();
    const gpus = driver === null ? '' : `-${sha256([driver.version, ...driver.gpus].join()).slice(0, 12)}`;
    features = `${process.arch}-${sha256(info ?? cpus()[0]?.model ?? 'unknown').slice(0, 12)}${gpus}`;
  }
  return features;
}

/** The machine as the report shows it. */
export function machine(): { os: string; arch: string; cpu: string; cores: number; memoryBytes: number; node: string } {
  return {
    os: `${process.platform} ${release()}`,
    arch: process.arch,
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: cpus().length,
    memoryBytes: totalmem(),
    node: process.version,
  };
}
