#!/usr/bin/env node
import { startWorkersFor } from './cli/early.ts';
import { endEarly } from './workers/early.ts';

const argv = process.argv.slice(2);
startWorkersFor(argv);
try {
  // Loaded only now, while the workers start.
  const { main } = await import('./cli/main.ts');
  process.exitCode = await main(argv);
} finally {
  await endEarly();
}
