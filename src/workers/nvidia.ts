import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What the kernel's side of NVIDIA's driver says of itself. */
export interface NvidiaDriver {
  readonly version: string;
  /** Models, in the order of their PCI addresses. */
  readonly gpus: readonly string[];
}

export const NO_DRIVER = 'no NVIDIA driver is loaded';

/**
 * Reads `version` and `gpus/<address>/information` below /proc/driver/nvidia (NVIDIA's driver README, “The /proc interface”);
 * null where no driver is loaded, and on systems that have no such folder (Windows and its Linux, macOS).
 */
export function nvidiaDriver(folder = '/proc/driver/nvidia'): NvidiaDriver | null {
  const file = join(folder, 'version');
  if (!existsSync(file)) return null;
  const version = /Kernel Module.*?\s(\d+\.\d[\d.]*)/.exec(readFileSync(file, 'utf8'))?.[1] ?? 'unknown';
  const gpus = join(folder, 'gpus');
  const addresses = existsSync(gpus) ? readdirSync(gpus).sort() : [];
  return { version, gpus: addresses.map((address) => modelOf(join(gpus, address, 'information'))) };
}

function modelOf(file: string): string {
  if (!existsSync(file)) return 'unknown';
  return /^Model:\s*(.+?)\s*$/m.exec(readFileSync(file, 'utf8'))?.[1] ?? 'unknown';
}
