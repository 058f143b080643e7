import { setTimeout as sleep } from 'node:timers/promises';
import { OnparError } from '../../core/errors.ts';

/** What passes while a server starts and loads its models. */
const PASSING: ReadonlySet<string> = new Set([
  'served-unreachable',
  'served-not-ready',
  'served-model-unknown',
  'served-failed',
  'served-timeout',
]);
const PAUSE_MS = 250;

/** Asks again until it works, for as long as `wait` says; then the last error stands. */
export async function patiently<T>(waitMs: number, ask: () => Promise<T>): Promise<T> {
  const deadline = performance.now() + waitMs;
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof OnparError) || !PASSING.has(error.code) || performance.now() > deadline) throw error;
      await sleep(PAUSE_MS);
    }
  }
}
