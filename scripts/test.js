// Runs every test: fast ones on this Node and on the other supported majors, then those that need Python toolchains.
// Ends with one plain line of true counts.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { otherNodes } from './node-versions.js';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const scratch = mkdtempSync(join(tmpdir(), 'onpar-test-'));
const filters = process.argv.slice(2).filter((a) => !a.startsWith('--'));
const only = process.argv.find((a) => a.startsWith('--only='))?.slice('--only='.length);
const counts = { passed: 0, failed: 0, skipped: 0 };
let broken = false;

/** One vitest run; a run that leaves no counts counts as a failure of its own. */
function vitest(title, node, project) {
  process.stdout.write(`\n── ${title}\n`);
  const out = join(scratch, `${title.replaceAll(/\W+/g, '-')}.json`);
  const result = spawnSync(
    node,
    [
      join(root, 'node_modules', 'vitest', 'vitest.mjs'),
      'run',
      '--project',
      project,
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${out}`,
      ...filters,
    ],
    { cwd: root, stdio: 'inherit', env: { ...process.env, ORT_DISABLE_TELEMETRY: '1' } },
  );
  try {
    const report = JSON.parse(readFileSync(out, 'utf8'));
    counts.passed += report.numPassedTests;
    counts.failed += report.numFailedTests;
    counts.skipped += report.numPendingTests + report.numTodoTests;
    // A file that fails to load has no failing test, but is no success.
    if (result.status !== 0 && report.numFailedTests === 0) counts.failed++;
    if (result.status !== 0) broken = true;
  } catch {
    counts.failed++;
    broken = true;
  }
}

try {
  if (only === undefined || only === 'fast')
    vitest(`fast tests on Node ${process.versions.node}`, process.execPath, 'fast');
  if (only === undefined || only === 'nodes') {
    for (const { version, path } of await otherNodes()) vitest(`fast tests on Node ${version}`, path, 'fast');
  }
  if (only === undefined || only === 'browser') vitest('tests in a browser', process.execPath, 'browser');
  if (only === undefined || only === 'python') vitest('tests with Python toolchains', process.execPath, 'python');
} catch (error) {
  process.stdout.write(`\n${error instanceof Error ? error.message : String(error)}\n`);
  counts.failed++;
  broken = true;
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
process.stdout.write(`\n${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped\n`);
process.exit(broken || counts.failed > 0 || counts.passed === 0 ? 1 : 0);
