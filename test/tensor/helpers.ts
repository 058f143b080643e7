import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { OnparError } from '../../src/core/errors.ts';
import { tensorFrom } from '../../src/tensor/build.ts';
import { DTYPES } from '../../src/tensor/dtype.ts';
import { dtypeLimits } from '../../src/tensor/limits.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';

/** A folder that goes away with the test. */
export function scratch(): string {
  const dir = mkdtempSync(join(tmpdir(), 'onpar test-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

export const NUMERIC = DTYPES.filter((d) => d !== 'string');

/** A 2×3 tensor of each dtype that holds its limits. */
export const example = (dtype: (typeof NUMERIC)[number]): Tensor =>
  tensorFrom(dtype, [2, 3], [0, 1, ...dtypeLimits(dtype), 2, 3]);

/** The OnparError that `run` throws. */
export function errorOf(run: () => unknown): OnparError {
  try {
    run();
  } catch (error) {
    if (error instanceof OnparError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}
