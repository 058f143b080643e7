import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { packageRoot } from '../../src/core/paths.ts';
import { scratch, write } from '../scratch.ts';
import { onpar, readReport, withModels } from './onpar.ts';

describe('onpar init', () => {
  test.each(['tiny-mlp.onnx', 'int-input.onnx', 'strings.onnx'])(
    'writes a suite for %s that runs as it is',
    async (model) => {
      const dir = withModels(scratch(), model);
      const made = await onpar(['init', model], { cwd: dir });
      expect([made.exitCode, made.stdout]).toEqual([
        0,
        'wrote onpar.yaml; check the inputs, then: onpar run onpar.yaml\n',
      ]);
      const { exitCode } = await onpar(['--out', 'run', '--reporter', 'terminal'], { cwd: dir });
      expect([exitCode, readReport(join(dir, 'run')).totals.pass]).toEqual([0, 1]);
    },
  );
  test('the suite names inputs, dynamic dimensions and what could be added', async () => {
    const dir = withModels(scratch(), 'tiny-mlp.onnx');
    await onpar(['init', 'tiny-mlp.onnx'], { cwd: dir });
    const text = readFileSync(join(dir, 'onpar.yaml'), 'utf8');
    expect(text).toContain('source: "tiny-mlp.onnx"');
    expect(text).toContain('"x": { dtype: float32, shape: ["batch", 8] }');
    expect(text).toMatch(/# expect: \{ fail: "reason", until: /);
  });
  test('never writes over a file, unless told to', async () => {
    const dir = withModels(scratch(), 'tiny-mlp.onnx');
    write(dir, 'onpar.yaml', 'mine');
    const refused = await onpar(['init', 'tiny-mlp.onnx'], { cwd: dir });
    expect([refused.exitCode, refused.stderr]).toEqual([
      2,
      'onpar: onpar.yaml exists\n  fix: name another with --out, or replace it with --force\n',
    ]);
    expect(readFileSync(join(dir, 'onpar.yaml'), 'utf8')).toBe('mine');
    expect((await onpar(['init', 'tiny-mlp.onnx', '--out', 'other.yaml'], { cwd: dir })).exitCode).toBe(0);
    expect((await onpar(['init', 'tiny-mlp.onnx', '--force'], { cwd: dir })).exitCode).toBe(0);
    expect(readFileSync(join(dir, 'onpar.yaml'), 'utf8')).toBe(readFileSync(join(dir, 'other.yaml'), 'utf8'));
  });
  test('a model elsewhere: the suite’s paths would lie outside of it', async () => {
    const dir = withModels(join(scratch(), 'models'), 'tiny-mlp.onnx');
    const cwd = join(dir, '..');
    expect((await onpar(['init', 'models/tiny-mlp.onnx'], { cwd })).exitCode).toBe(0);
    expect((await onpar(['--out', 'run', '--reporter', 'terminal'], { cwd })).exitCode).toBe(0);
  });
  test('of a model that does not exist writes nothing', async () => {
    const dir = scratch();
    const { exitCode, stderr } = await onpar(['init', 'no.onnx'], { cwd: dir });
    expect([exitCode, stderr.startsWith('onpar: no.onnx does not exist'), existsSync(join(dir, 'onpar.yaml'))]).toEqual(
      [2, true, false],
    );
  });
});

describe('onpar doctor', () => {
  test('looks at everything a run needs, and exits 0 where the main job works', async () => {
    const { exitCode, stdout } = await onpar(['doctor', '--json'], { env: { ONPAR_TOOLCHAINS: scratch() } });
    const checks = JSON.parse(stdout) as { name: string; ok: boolean; required: boolean; found: string }[];
    expect(exitCode).toBe(0);
    expect(checks.filter((c) => c.required).map((c) => [c.name, c.ok])).toEqual([
      ['Node', true],
      ['onnxruntime-node', true],
    ]);
    expect(checks.map((c) => c.name)).toEqual(
      expect.arrayContaining(['Python', 'toolchain pytorch', 'toolchain litert', 'worker limits']),
    );
    expect(checks.find((c) => c.name === 'toolchain pytorch')).toMatchObject({ ok: false, found: 'not installed' });
  });
  test('says in words what is missing and how to mend it', async () => {
    const { exitCode, stdout } = await onpar(['doctor'], {
      env: { ONPAR_TOOLCHAINS: scratch(), ONPAR_PYTHON: '/nowhere/python3' },
    });
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/– Python +no Python 3\.11 or 3\.12 was found \(\/nowhere\/python3: not found\)/);
    expect(stdout).toContain('set ONPAR_PYTHON to its path');
    expect(stdout).toMatch(/onpar toolchain install pytorch/);
  });
});

describe('onpar toolchain', () => {
  test('list: every toolchain with what it offers, nothing is started or made', async () => {
    const folder = join(scratch(), 'toolchains');
    const { exitCode, stdout } = await onpar(['toolchain', 'list'], { env: { ONPAR_TOOLCHAINS: folder } });
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^0 of \d+ toolchains installed/);
    expect(stdout).toContain(folder);
    expect(stdout).toMatch(/^. pytorch .*[\d.]+ GB +not installed +PyTorch\n.*\n +exports +torch-onnx/m);
    expect(existsSync(folder)).toBe(false);
    const rows = JSON.parse(
      (await onpar(['toolchain', 'list', '--json'], { env: { ONPAR_TOOLCHAINS: folder } })).stdout,
    ) as { name: string; state: string }[];
    expect(rows.map((r) => r.name)).toEqual(
      expect.arrayContaining(['litert', 'onnx', 'pytorch', 'sklearn', 'tensorflow']),
    );
    expect(new Set(rows.map((r) => r.state))).toEqual(new Set(['not installed']));
  });
  test('a reader that stops reading is no error', () => {
    const piped = spawnSync(
      'sh',
      ['-c', `"${process.execPath}" "${join(packageRoot, 'dist', 'cli.js')}" toolchain list | head -n 1`],
      {
        encoding: 'utf8',
        env: { ...process.env, ONPAR_TOOLCHAINS: join(scratch(), 'toolchains') },
      },
    );
    expect([piped.status, piped.stderr]).toEqual([0, '']);
    expect(piped.stdout).toMatch(/^0 of \d+ toolchains installed/);
  });
  test('install without a name', async () => {
    const { exitCode, stderr } = await onpar(['toolchain', 'install']);
    expect([exitCode, stderr]).toEqual([
      2,
      expect.stringMatching(/needs a name or --all\n {2}fix: toolchains: .*litert, .*onnx, .*pytorch/),
    ]);
  });
});
