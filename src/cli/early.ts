import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { startEarly } from '../workers/early.ts';

/** Options after which another worker, or none so early, is wanted. */
const OTHERWISE = /^--(runtime|reference-runtime|network|jobs|timeout|help)\b/;

/**
 * Starts the workers that a command line is going to need and lets them open its models, judged by a glance at it. A wrong
 * guess costs a process that is ended unused, never a result. A store beside the models may hold the answer: no guess there.
 */
export function startWorkersFor([verb, ...rest]: readonly string[]): void {
  if (verb !== 'compare' || rest.some((a) => OTHERWISE.test(a))) return;
  const models = rest.filter((a) => !a.startsWith('-')).slice(0, 2);
  if (models.length < 2 || !models.every((m) => /\.onnx$/i.test(m) && existsSync(m))) return;
  const [reference = '', candidate = ''] = models.map((m) => resolve(m));
  const root = dirname(reference);
  if (!rest.includes('--no-cache') && existsSync(process.env.ONPAR_CACHE || join(root, '.onpar'))) return;
  for (const [lane, path] of [['reference', reference], ['candidate', candidate]] as const) {
    startEarly(lane).ahead('describe', { runtime: 'onnxruntime-node', model: { format: 'onnx', path, root, trust: false }, options: {}, outDir: tmpdir() }, { timeoutMs: 600_000 });
  }
}
