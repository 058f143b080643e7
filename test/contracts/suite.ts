import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packageRoot } from '../../src/core/paths.ts';
import { type Report, report as reportSchema } from '../../src/records/report.ts';

export const cli: string = join(packageRoot, 'dist', 'cli.js');

/** A scratch folder with the demo's and the test models in it; call the second to remove it. */
export function scratchWithModels(): readonly [string, () => void] {
  const dir = mkdtempSync(join(tmpdir(), 'onpar-contract-'));
  for (const name of ['demo', 'hosts', 'models'])
    cpSync(join(packageRoot, 'fixtures', name), join(dir, name), { recursive: true });
  return [dir, () => rmSync(dir, { recursive: true, force: true })];
}

/** Runs a suite through the built command line and reads its report back through the published schema. */
export function runSuite(dir: string, suite: object): Report {
  const file = join(dir, 'onpar.json');
  writeFileSync(file, JSON.stringify(suite));
  const out = join(dir, 'out');
  const result = spawnSync(process.execPath, [cli, 'run', file, '--out', out, '--reporter', 'json'], {
    encoding: 'utf8',
    cwd: dir,
    maxBuffer: 1 << 26,
  });
  if (![0, 1, 3].includes(result.status ?? -1))
    throw new Error(`exit ${result.status}\n${result.stdout}\n${result.stderr}`);
  return reportSchema.parse(JSON.parse(readFileSync(join(out, 'report.json'), 'utf8')));
}

export const run = (args: readonly string[], cwd: string): string =>
  execFileSync(process.execPath, [cli, ...args], { encoding: 'utf8', cwd });
