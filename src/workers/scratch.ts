import { mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

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

/** What a worker started may write its last words while it notices that the worker is gone: so often, and so long, is waited. */
const LAST_WORDS = { times: 40, milliseconds: 50 };

/** Removes it, and what is still written to it by those that are about to end. */
export async function removeScratch(folder: string): Promise<void> {
  for (let left = LAST_WORDS.times; ; left--) {
    try {
      rmSync(folder, { recursive: true, force: true });
      return;
    } catch (error) {
      if (left === 0) throw error;
      await sleep(LAST_WORDS.milliseconds);
    }
  }
}
