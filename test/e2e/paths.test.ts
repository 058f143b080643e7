import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { scratch, write } from '../scratch.ts';
import { onlyCase, onpar, withModels } from './onpar.ts';

const SUITE =
  'cases:\n  a: { source: "models/tiny mlp.onnx", convert: [{ to: same }, { artifact: "models/größe 模型.onnx" }] }\n';

/** A project with such a name, whose suite names models with such names. */
function project(name: string): string {
  const dir = join(scratch(), name);
  write(dir, 'onpar.yaml', SUITE);
  const models = withModels(join(dir, 'models'), 'tiny-mlp.onnx');
  write(models, 'tiny mlp.onnx', readModel(models));
  write(models, 'größe 模型.onnx', readModel(models));
  return dir;
}
const readModel = (dir: string): Buffer => readFileSync(join(dir, 'tiny-mlp.onnx'));

describe('paths of every kind', () => {
  test.each([
    ['spaces', 'my project (final)'],
    ['letters of other scripts', 'Projekt Größe 模型 ñ'],
    ['signs that shells and URLs read', "a#b%20c&d'e$f"],
    ['a long way', Array.from({ length: 12 }, (_, i) => `a-rather-long-folder-name-${i}`).join('/')],
  ])('%s', async (_, name) => {
    const dir = project(name);
    const { exitCode, stdout } = await onpar(
      ['run', '--reporter', 'terminal,html,junit', '--out', join(dir, 'out put')],
      { cwd: dir },
    );
    expect(stdout).toContain('Parity holds: all 2 conversions pass');
    expect(exitCode).toBe(0);
    expect(existsSync(join(dir, 'out put', 'index.html'))).toBe(true);
  });
  test('another current folder than the suite’s: paths in the suite are the suite’s, --out and --inputs are the caller’s', async () => {
    const dir = project('suite');
    const cwd = scratch();
    const { exitCode } = await onpar(['run', join(dir, 'onpar.yaml'), '--out', 'here', '--reporter', 'terminal'], {
      cwd,
    });
    expect([
      exitCode,
      existsSync(join(cwd, 'here', 'report.json')),
      existsSync(join(dir, '.onpar', 'steps')),
      existsSync(join(cwd, '.onpar')),
    ]).toEqual([0, true, true, false]);
  });
  test('relative models on the command line are the caller’s', async () => {
    const dir = project('suite');
    const { exitCode } = await onpar(
      ['compare', './models/tiny mlp.onnx', 'onnx:models/größe 模型.onnx', '--out', 'out'],
      { cwd: dir },
    );
    expect([exitCode, onlyCase(join(dir, 'out')).id]).toEqual([0, 'tiny-mlp/gr-e-.onnx@onnxruntime-node']);
  });
  test('the command to run again is quoted for a shell', async () => {
    const dir = project('suite');
    await onpar(['compare', 'models/tiny mlp.onnx', 'models/tiny-mlp.onnx', '--out', "it's"], { cwd: dir });
    expect(onlyCase(join(dir, "it's")).reproduce[0]?.command).toBe(
      "onpar compare 'models/tiny mlp.onnx' models/tiny-mlp.onnx --out 'it'\\''s'",
    );
  });
});
