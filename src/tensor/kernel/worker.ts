import { workerData } from 'node:worker_threads';
import { elementsOf } from './elements.ts';
import { Kernel, type PassSpec } from './kernel.ts';
import { DONE, type Share, take } from './parallel.ts';
import { FIELDS } from './stats.ts';

/** A thread that helps with a pass over files: takes chunks until none is left (parallel.ts). */
const { module, spec: given, starts, results, board } = workerData as Share;
const kernel = new Kernel(module);
const side = ({ dtype, count, place }: Share['spec']['reference']) => elementsOf(dtype, count, place);
const spec: PassSpec = { ...given, reference: side(given.reference), candidate: side(given.candidate) };
for (let i = take(board); i + 1 < starts.length; i = take(board)) {
  kernel.chunk(spec, starts[i] as number, starts[i + 1] as number, results.subarray(i * FIELDS, (i + 1) * FIELDS));
  Atomics.store(board, 1 + i, DONE);
  Atomics.notify(board, 1 + i);
}
