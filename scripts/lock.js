// Writes package-lock.json for every platform and without addresses of a registry. npm can do one or the other: with
// `omit-lockfile-registry-resolved` it drops the optional packages of other platforms, and then refuses its own lock.
// With --check nothing is written: an address in the lock, or a platform that is missing, fails.
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const file = join(root, 'package-lock.json');

if (process.argv.includes('--check')) {
  const lock = JSON.parse(readFileSync(file, 'utf8'));
  const addressed = Object.entries(lock.packages).filter(([, p]) => p.resolved !== undefined);
  const missing = Object.values(lock.packages)
    .flatMap((p) => Object.keys(p.optionalDependencies ?? {}))
    .filter((name) => lock.packages[`node_modules/${name}`] === undefined);
  for (const [name] of addressed) process.stderr.write(`package-lock.json: ${name} carries an address\n`);
  for (const name of missing) process.stderr.write(`package-lock.json: ${name} is missing\n`);
  if (addressed.length + missing.length > 0) process.stderr.write('run `node scripts/lock.js`\n');
  process.exit(addressed.length + missing.length > 0 ? 1 : 0);
}
// In an empty folder: beside an installed node_modules npm resolves only what is installed there.
const scratch = mkdtempSync(join(tmpdir(), 'onpar-lock-'));
try {
  for (const name of ['package.json', '.npmrc']) copyFileSync(join(root, name), join(scratch, name));
  const { status } = spawnSync(
    'npm',
    ['install', '--package-lock-only', '--ignore-scripts', '--omit-lockfile-registry-resolved=false'],
    { cwd: scratch, stdio: 'inherit', shell: process.platform === 'win32' },
  );
  if (status !== 0) process.exit(status ?? 1);
  const lock = JSON.parse(readFileSync(join(scratch, 'package-lock.json'), 'utf8'));
  for (const entry of Object.values(lock.packages)) delete entry.resolved;
  writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
