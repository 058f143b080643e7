import { existsSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { type EarlyChild, SHARED_BYTES, SHARED_LANE, startEarly } from '../workers/early.ts';

/** Options after which another worker, or none so early, is wanted. */
const OTHERWISE = /^--(runtime|reference-runtime|network|jobs|timeout|help)\b/;

/** A process, and the models that it will be asked to open first. */
export interface Guess extends EarlyChild {
  readonly models: readonly string[];
}

/**
 * Starts the worker that a command line is going to need, judged by a glance at it. A wrong guess costs a process that is
 * ended unused, never a result. A store beside the models may hold the answer: no guess there.
 */
export function startWorkerFor([verb, ...rest]: readonly string[]): Guess | undefined {
  if (verb !== 'compare' || rest.some((a) => OTHERWISE.test(a))) return undefined;
  const models = rest
    .filter((a) => !a.startsWith('-'))
    .slice(0, 2)
    .map((model) => resolve(model));
  if (models.length < 2 || !models.every((m) => /\.onnx$/i.test(m) && existsSync(m))) return undefined;
  if (models.reduce((sum, m) => sum + statSync(m).size, 0) > SHARED_BYTES) return undefined;
  const store = process.env.ONPAR_CACHE || join(dirname(models[0] ?? ''), '.onpar');
  return !rest.includes('--no-cache') && existsSync(store) ? undefined : { ...startEarly(SHARED_LANE), models };
}
