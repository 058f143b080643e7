import { cpSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { packageRoot } from '../../src/core/paths.ts';
import { scratch, write } from '../scratch.ts';
import { onpar, readReport, withModels } from './onpar.ts';

/** A toolchain in Python outside the tree, as somebody else would write it. */
function outside(): string {
  const dir = withModels(scratch(), 'tiny-mlp.onnx');
  cpSync(join(packageRoot, 'fixtures', 'plugins', 'evaluator'), join(dir, 'evaluator'), { recursive: true });
  return dir;
}

test('a folder with a toolchain.json offers a runtime and an exporter, in the environment of another toolchain', async () => {
  const dir = outside();
  write(
    dir,
    'onpar.yaml',
    'plugins: [./evaluator]\ncases:\n  a:\n    source: tiny-mlp.onnx\n    samples: portfolio:2\n    convert: { chain: [onnx-without-docs, onnx-simplify], run: [onnx-evaluator, onnxruntime-node] }\n',
  );
  const { exitCode, text } = await onpar(['run', '--out', 'run'], { cwd: dir });
  expect([exitCode, exitCode === 0 ? '' : text]).toEqual([0, '']);
  const { cases } = readReport(join(dir, 'run'));
  expect(cases.map((c) => [c.id, c.verdict])).toEqual([
    ['a/onnx.1-onnx-without-docs@onnxruntime-node', 'pass'],
    ['a/onnx@onnx-evaluator', 'pass'],
    ['a/onnx@onnxruntime-node', 'pass'],
  ]);
  expect(cases[1]?.candidate.environment).toBe('evaluator (in onnx)');
});

test('it passes the contract; one with an error in its code, or without an example, does not', async () => {
  const dir = outside();
  const good = await onpar(['toolchain', 'check', './evaluator'], { cwd: dir });
  expect([good.exitCode, good.text]).toEqual([0, expect.stringContaining('8 of 8 kept')]);
  const manifest = JSON.parse(readFileSync(join(dir, 'evaluator', 'toolchain.json'), 'utf8'));
  const { example: _, ...exporter } = manifest.exporters[0];
  write(dir, 'evaluator/toolchain.json', JSON.stringify({ ...manifest, exporters: [exporter] }));
  write(dir, 'evaluator/evaluator_plugin/runtime.py', 'def version() -> str:\n    return "1.0"\n');
  const broken = await onpar(['toolchain', 'check', './evaluator'], { cwd: dir });
  expect(broken.exitCode).toBe(1);
  expect(broken.text).toMatch(/✗ onnx-evaluator agrees with itself[^\n]*\n.*has no attribute 'open_model'/);
  expect(broken.text).toMatch(/\? what onnx-without-docs makes of its example agrees with the source/);
});

test('a module that its toolchain.json names and that does not exist is told before anything starts', async () => {
  const dir = outside();
  const manifest = readFileSync(join(dir, 'evaluator', 'toolchain.json'), 'utf8');
  write(dir, 'evaluator/toolchain.json', manifest.replace('evaluator_plugin.runtime', 'evaluator_plugin.nothing'));
  const { exitCode, text } = await onpar(['toolchain', 'check', './evaluator'], { cwd: dir });
  expect(exitCode).toBe(2);
  expect(text).toContain('the module `evaluator_plugin.nothing` of `onnx-evaluator` does not exist');
});
