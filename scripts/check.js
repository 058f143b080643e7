// Everything that needs no model: format, lint, types, import fences, unused code, generated files, package shape.
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const bin = (name) => join(root, 'node_modules', '.bin', name);
const CHECKS = [
  ['format and lint', bin('biome'), ['ci', '--error-on-warnings', '--colors=off']],
  ['types', bin('tsc'), ['-p', '.']],
  ['import fences', bin('depcruise'), ['src', '--config', '.dependency-cruiser.cjs', '--output-type', 'err']],
  ['unused code', bin('knip'), ['--no-progress']],
  ['package lock', process.execPath, [join('scripts', 'lock.js'), '--check']],
  ['generated files', process.execPath, [join('scripts', 'generate.js'), '--check']],
  ['published types', process.execPath, [join('scripts', 'build.js'), '--types']],
  ['package', bin('publint'), ['--strict']],
];

let failed = 0;
for (const [title, file, args] of CHECKS) {
  const { status, stdout, stderr } = spawnSync(file, args, {
    cwd: root,
    encoding: 'utf8',
    env: { ...process.env, NO_COLOR: '1' },
  });
  process.stdout.write(`${status === 0 ? '✓' : '✗'} ${title}\n`);
  if (status !== 0) {
    failed++;
    process.stdout.write(`${stdout}${stderr}\n`);
  }
}
process.exit(failed === 0 ? 0 : 1);
