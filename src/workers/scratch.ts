import { mkdtempSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Bytes of shared memory that must be free before tensors travel through it: containers often have only 64 MB. */
const SHARED_MEMORY_MIN = 2 * 1024 ** 3;

function scratchParent(): string {
  try {
    const { bavail, bsize } = statfsSync('/dev/shm');
    if (bavail * bsize >= SHARED_MEMORY_MIN) return '/dev/shm';
  } catch {
    // No shared memory on this system.
  }
  return tmpdir();
}

/** A new folder in shared memory, or in the temporary folder; whoever asks removes it. */
export const makeScratch = (): string => mkdtempSync(join(scratchParent(), 'onpar-'));
