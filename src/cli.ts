#!/usr/bin/env node
import { fileURLToPath } from 'node:url';
import { loadWithCodeCache } from './cli/code-cache.ts';
import { startWorkerFor } from './cli/early.ts';

const argv = process.argv.slice(2);
const guess = startWorkerFor(argv);
const verb = /^[a-z]{2,20}$/.exec(argv[0] ?? '')?.[0] ?? 'other';
const program = loadWithCodeCache<typeof import('./program.ts')>(
  fileURLToPath(new URL('./program.cjs', import.meta.url)),
  verb,
);
process.exitCode = await program.exports.start(argv, guess);
if (process.exitCode <= 1) program.keep();
