import { startWorkersFor } from './cli/early.ts';
import { endEarly } from './workers/early.ts';

/** The whole of onpar, as one bundle; `cli.ts` loads it. Gives back the exit code. */
export async function start(argv: readonly string[]): Promise<number> {
  startWorkersFor(argv);
  try {
    // Evaluated only now, while the workers start.
    const { main } = await import('./cli/main.ts');
    return await main(argv);
  } finally {
    await endEarly();
  }
}
