import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { packageRoot } from '../../core/paths.ts';
import { BYTES_PER_ELEMENT } from '../dtype.ts';
import type { PassSpec } from './kernel.ts';
import { kernelModule } from './load.ts';

/** What a worker thread is given. */
export interface Share {
  readonly module: WebAssembly.Module;
  readonly spec: Omit<PassSpec, 'reference' | 'candidate'> &
    Record<'reference' | 'candidate', Pick<PassSpec['reference'], 'dtype' | 'count' | 'place'>>;
  readonly starts: readonly number[];
  readonly results: Float64Array;
  /** [0]: the next chunk that nobody has taken; [1 + i]: what became of chunk i. */
  readonly board: Int32Array;
}

export const TAKEN = 1;
export const DONE = 2;

/** A thread takes some 40 ms to start, in which this one reads and compares about 100 MB. */
const PARALLEL_FROM_BYTES = 256 * 1024 ** 2;

/** How long a chunk of a few megabytes may take elsewhere (a cold network disk) before it is done again here. */
const PATIENCE_MS = 20_000;

/**
 * Does all chunks, those of large files with the help of other threads. This thread takes part, so nothing depends on the
 * others: where none can start, or one dies, the rest is done here. Returns when all are done, without the event loop,
 * because comparing is synchronous everywhere else.
 */
export function runParallel(
  spec: PassSpec,
  starts: readonly number[],
  results: Float64Array,
  chunk: (i: number) => void,
): void {
  const count = starts.length - 1;
  const board = new Int32Array(new SharedArrayBuffer((1 + count) * 4));
  startThreads(spec, starts, results, board);
  for (let i = take(board); i < count; i = take(board)) {
    chunk(i);
    board[1 + i] = DONE;
  }
  for (let i = 0; i < count; i++) {
    if (Atomics.load(board, 1 + i) === DONE) continue;
    Atomics.wait(board, 1 + i, TAKEN, PATIENCE_MS);
    if (Atomics.load(board, 1 + i) !== DONE) chunk(i);
  }
}

/** The next chunk, for whoever asks first. */
export function take(board: Int32Array): number {
  const i = Atomics.add(board, 0, 1);
  if (i + 1 < board.length) Atomics.store(board, 1 + i, TAKEN);
  return i;
}

function startThreads(spec: PassSpec, starts: readonly number[], results: Float64Array, board: Int32Array): void {
  const { reference, candidate, atol, rtol, exact, columns } = spec;
  const bytes = reference.count * (BYTES_PER_ELEMENT[reference.dtype] + BYTES_PER_ELEMENT[candidate.dtype]);
  // Memory of this thread is not shared: handing it over would cost what the help saves.
  if (!('path' in reference.place && 'path' in candidate.place) || bytes < PARALLEL_FROM_BYTES) return;
  const file = join(packageRoot, 'dist', 'kernel-worker.js');
  const module = kernelModule();
  if (module === undefined || !existsSync(file)) return;
  const plain = ({ dtype, count, place }: PassSpec['reference']) => ({ dtype, count, place });
  const share: Share = {
    module,
    spec: { reference: plain(reference), candidate: plain(candidate), atol, rtol, exact, columns },
    starts,
    results,
    board,
  };
  // Reading and comparing share the memory bus: beyond a few threads more of them change nothing.
  const threads = Math.min(availableParallelism() - 1, 3);
  for (let i = 0; i < threads; i++) {
    try {
      const worker = new Worker(file, {
        workerData: share,
        execArgv: [],
        resourceLimits: { maxOldGenerationSizeMb: 32 },
      });
      worker.on('error', () => {});
      worker.unref();
    } catch {
      return;
    }
  }
}
