import { tmpdir } from 'node:os';
import { dirname } from 'node:path';
import type { Guess } from './cli/early.ts';
import { DEFAULT_TIMEOUT_MS } from './suite/suite.ts';
import { adoptEarly, endEarly } from './workers/early.ts';

/** The whole of onpar, as one bundle that `cli.ts` loads. Gives back the exit code. */
export async function start(argv: readonly string[], guess?: Guess): Promise<number> {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', onWriteError);
  if (guess !== undefined) openModels(guess);
  try {
    // Evaluated only now, while the worker works.
    const { main } = await import('./cli/main.ts');
    return await main(argv);
  } finally {
    await endEarly();
  }
}

/** Who reads our output may stop reading (`| head`): the work and its exit code are not theirs to end. */
function onWriteError(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
}

function openModels(guess: Guess): void {
  const worker = adoptEarly(guess);
  const root = dirname(guess.models[0] ?? '');
  for (const path of guess.models) {
    worker.describeAhead(
      {
        runtime: 'onnxruntime-node',
        model: { format: 'onnx', path, root, trust: false },
        options: {},
        outDir: tmpdir(),
      },
      { timeoutMs: DEFAULT_TIMEOUT_MS },
    );
  }
}
