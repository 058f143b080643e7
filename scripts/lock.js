// Writes package-lock.json, the project's and each Node toolchain's, for every platform and without addresses of a
// registry. npm can do one or the other: with `omit-lockfile-registry-resolved` it drops the optional packages of other
// platforms, and then refuses its own lock. `node scripts/lock.js [FOLDER…]`, all without one.
// With --check nothing is written: an address in a lock, a platform that is missing, a lock older than its package.json fails.
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const named = process.argv.slice(2).filter((a) => !a.startsWith('--'));
const converters = readdirSync(join(root, 'converters')).map((name) => join('converters', name));
const folders = ['.', ...converters]
  .filter((folder) => existsSync(join(root, folder, 'package.json')))
  .filter((folder) => named.length === 0 || named.includes(folder));

const read = (folder, name) => JSON.parse(readFileSync(join(root, folder, name), 'utf8'));

function faults(folder) {
  const file = join(folder, 'package-lock.json');
  if (!existsSync(join(root, file))) return [`${file} is missing`];
  const lock = read(folder, 'package-lock.json');
  const manifest = read(folder, 'package.json');
  const addressed = Object.entries(lock.packages).filter(([, p]) => p.resolved !== undefined);
  const missing = Object.values(lock.packages)
    .flatMap((p) => Object.keys(p.optionalDependencies ?? {}))
    .filter((name) => !Object.keys(lock.packages).some((path) => path.endsWith(`node_modules/${name}`)));
  const wanted = JSON.stringify(manifest.dependencies ?? {});
  return [
    ...addressed.map(([name]) => `${file}: ${name} carries an address`),
    ...missing.map((name) => `${file}: ${name} is missing`),
    ...(JSON.stringify(lock.packages[''].dependencies ?? {}) === wanted
      ? []
      : [`${file} is not of ${folder}/package.json`]),
  ];
}

function write(folder) {
  // In an empty folder: beside an installed node_modules npm resolves only what is installed there.
  const scratch = mkdtempSync(join(tmpdir(), 'onpar-lock-'));
  try {
    copyFileSync(join(root, folder, 'package.json'), join(scratch, 'package.json'));
    copyFileSync(join(root, '.npmrc'), join(scratch, '.npmrc'));
    const { status } = spawnSync(
      'npm',
      ['install', '--package-lock-only', '--ignore-scripts', '--omit-lockfile-registry-resolved=false'],
      { cwd: scratch, stdio: 'inherit', shell: process.platform === 'win32' },
    );
    if (status !== 0) process.exit(status ?? 1);
    const lock = JSON.parse(readFileSync(join(scratch, 'package-lock.json'), 'utf8'));
    for (const entry of Object.values(lock.packages)) delete entry.resolved;
    writeFileSync(join(root, folder, 'package-lock.json'), `${JSON.stringify(lock, null, 2)}\n`);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

if (process.argv.includes('--check')) {
  const found = folders.flatMap(faults);
  for (const fault of found) process.stderr.write(`${fault}\n`);
  if (found.length > 0) process.stderr.write('run `node scripts/lock.js`\n');
  process.exit(found.length > 0 ? 1 : 0);
}
for (const folder of folders) write(folder);
