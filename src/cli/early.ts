import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { startEarly } from '../workers/early.ts';

/**
 * Starts the workers that a command line is going to need, judged by a glance at it. A wrong guess costs a process that is
 * ended unused, never a result; a store beside the model may already hold the answer, so nothing is guessed there.
 */
export function startWorkersFor([verb, ...rest]: readonly string[]): void {
  if (verb !== 'compare' || rest.some((a) => /^--(runtime|reference-runtime|network|help|python)\b/.test(a))) return;
  const models = rest.filter((a) => !a.startsWith('-')).slice(0, 2);
  const known = !rest.includes('--no-cache') && existsSync(process.env.ONPAR_CACHE || join(dirname(models[0] ?? ''), '.onpar'));
  if (!known && models.length === 2 && models.every((m) => /\.onnx$/i.test(m) && existsSync(m))) startEarly(2);
}
