import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { packageRoot } from '../../src/core/paths.ts';
import { report as reportSchema } from '../../src/records/report.ts';

/** What a user gets: the package packed, installed with scripts off in an empty folder elsewhere, and used through npx. */
let dir: string;
let files: string[];
const npm = (args: readonly string[], cwd: string): string =>
  execFileSync('npm', [...args], { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
const npx = (args: readonly string[]) =>
  spawnSync('npx', ['--no-install', 'onpar', ...args], { cwd: dir, encoding: 'utf8' });

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'onpar pack ü '));
  execFileSync(process.execPath, [
    join(packageRoot, 'node_modules', 'typescript', 'bin', 'tsc'),
    '-p',
    join(packageRoot, 'tsconfig.types.json'),
  ]);
  const [packed] = JSON.parse(npm(['pack', '--json', '--pack-destination', dir], packageRoot)) as [
    { filename: string; files: { path: string }[] },
  ];
  files = packed.files.map((f) => f.path);
  writeFileSync(join(dir, 'package.json'), '{ "name": "elsewhere", "private": true, "type": "module" }');
  npm(['install', '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline', join(dir, packed.filename)], dir);
  for (const name of ['mlp.py', 'tiny-mlp.onnx', 'tiny-mlp-faulty.onnx'])
    cpSync(join(packageRoot, 'fixtures', 'models', name), join(dir, name));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

it('ships what runs and nothing that only development needs', () => {
  for (const needed of [
    'dist/cli.js',
    'dist/node-host.js',
    'dist/index.js',
    'dist/types/index.d.ts',
    'schemas/suite.json',
    'schemas/report.json',
    'converters/host/onpar_host/__main__.py',
    'converters/pytorch/requirements.lock',
    'converters/sklearn/toolchain.json',
    'README.md',
    'LICENSE',
    'CHANGELOG.md',
    'package.json',
  ]) {
    expect(files).toContain(needed);
  }
  const unwanted = files.filter((f) =>
    /^(src|test|bench|fixtures|scripts|reports|docs|node_modules)\/|\.test\.|__pycache__|\.pyc$|dev\.js$|\.onpar\/|\.stamp/.test(
      f,
    ),
  );
  expect(unwanted).toEqual([]);
});

it('compares two models', () => {
  const same = npx(['compare', 'tiny-mlp.onnx', 'tiny-mlp.onnx', '--out', 'same']);
  expect([same.status, same.stdout]).toEqual([0, expect.stringContaining('Parity holds')]);
  const other = npx(['compare', 'tiny-mlp.onnx', 'tiny-mlp-faulty.onnx', '--json', '--out', 'other']);
  expect(other.status).toBe(1);
  expect(reportSchema.parse(JSON.parse(other.stdout)).totals.fail).toBe(1);
});

it('exports and proves a PyTorch model without a suite', () => {
  const result = npx(['run', 'mlp.py:build', '--to', 'onnx', '--python', 'managed', '--out', 'run']);
  expect([result.status, result.stdout]).toEqual([0, expect.stringContaining('Parity holds')]);
  expect(readdirSync(join(dir, 'run')).sort()).toEqual([
    'artifacts',
    'events.ndjson',
    'index.html',
    'junit.xml',
    'report.json',
    'summary.md',
    'tensors',
  ]);
});

it('gives TypeScript suites their types', () => {
  mkdirSync(join(dir, 'typed'));
  writeFileSync(
    join(dir, 'typed', 'onpar.config.ts'),
    `import { defineSuite } from 'onpar';\nexport default defineSuite({ cases: { mlp: { source: '../tiny-mlp.onnx', convert: { to: 'same' } } } });\n`,
  );
  const tsc = (file: string) =>
    spawnSync(
      process.execPath,
      [
        join(packageRoot, 'node_modules', 'typescript', 'bin', 'tsc'),
        '--noEmit',
        '--strict',
        '--module',
        'nodenext',
        '--skipLibCheck',
        'false',
        file,
      ],
      { cwd: join(dir, 'typed'), encoding: 'utf8' },
    );
  const good = tsc('onpar.config.ts');
  expect(good.stdout).toBe('');
  writeFileSync(
    join(dir, 'typed', 'wrong.ts'),
    readFileSync(join(dir, 'typed', 'onpar.config.ts'), 'utf8').replace('source:', 'sourse:'),
  );
  expect(tsc('wrong.ts').stdout).toContain('sourse');
});
