import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { catalogue } from '../../src/engine/catalogue.ts';
import { planSuite } from '../../src/plan/plan.ts';
import { loadSuite } from '../../src/suite/load.ts';
import { withModels } from '../e2e/onpar.ts';
import { scratch, write } from '../scratch.ts';
import { onnxCase, plan, refused } from './scene.ts';

describe('exporters', () => {
  test('an unknown one: the nearest for this source', async () => {
    const error = await refused('cases:\n  a: { source: model.py, convert: { to: onnx, exporter: torch-onx } }\n');
    expect(error).toMatchObject({
      code: 'unknown-exporter',
      message: 'case `a`: unknown exporter `torch-onx`',
      exitCode: 2,
    });
    expect(error.fix).toMatch(/^did you mean `torch-onnx`\? allowed: /);
  });
  test('an unknown one where nothing is exported from the source', async () => {
    const error = await refused(onnxCase('convert: { to: tflite, exporter: torch-onx }'));
    expect(error.fix).toMatch(/^allowed: onnx-optimize, .*onnx-preprocess/);
  });
  test('one that turns something else', async () => {
    const error = await refused(onnxCase('convert: { to: tflite, exporter: torch-onnx }'));
    expect(error).toMatchObject({
      code: 'exporter-format',
      message: 'case `a`: exporter `torch-onnx` turns pytorch or torch-export into onnx, not onnx into tflite',
      fix: 'exporters that fit: onnx2tf',
    });
  });
  test('none between two formats: what there is, and a command line', async () => {
    const error = await refused('cases:\n  a: { source: model.py, convert: { to: tfjs } }\n');
    expect(error).toMatchObject({
      code: 'no-exporter',
      message: 'case `a`: no exporter turns `pytorch` into `tfjs`',
      exitCode: 2,
    });
    expect(error.fix).toMatch(
      /^from pytorch there are exporters to (?=.*\bonnx\b)(?=.*\btorchscript\b)[a-z, -]+; any command line can be an exporter: exporter: \{ command: \[...\] \}$/,
    );
  });
  test('several that do different things: none is guessed', async () => {
    const error = await refused(onnxCase('convert: { to: onnx }'));
    expect(error).toMatchObject({
      code: 'exporter-ambiguous',
      message: expect.stringMatching(
        /^case `a`: \d+ exporters turn `onnx` into `onnx`, and none of them is the usual one$/,
      ),
      exitCode: 2,
    });
    expect(error.fix).toMatch(/^name one with `exporter:` \(or --exporter\): onnx-optimize, .*`to: same` runs/);
  });
  test('an unknown format', async () => {
    const error = await refused(onnxCase('convert: { to: tflit }'));
    expect(error).toMatchObject({ code: 'unknown-format', message: 'case `a`: unknown format `tflit` to convert to' });
    expect(error.fix).toMatch(/^did you mean `tflite`\? allowed: .*, same$/);
  });
  test('an unknown format of the source', async () => {
    const error = await refused('cases:\n  a: { source: "onx:tiny-mlp.onnx", convert: { to: same } }\n');
    expect(error).toMatchObject({
      code: 'unknown-format',
      message: 'case `a`: `onx:tiny-mlp.onnx`: unknown format `onx`',
      exitCode: 2,
    });
    expect(error.fix).toMatch(/^did you mean `onnx`\?/);
  });
});

describe('runtimes', () => {
  test('an unknown one', async () => {
    const error = await refused(onnxCase('convert: { to: same, run: onnxruntime-nod }'));
    expect(error).toMatchObject({
      code: 'unknown-runtime',
      message: 'case `a`: unknown runtime `onnxruntime-nod`',
      exitCode: 2,
    });
    expect(error.fix).toMatch(
      /^did you mean `onnxruntime-node`\? allowed: onnxruntime-node, (?=.*\bonnxruntime,)(?=.*\bonnx-reference\b)/,
    );
  });
  test('one that does not fit the format', async () => {
    expect(await refused(onnxCase('convert: { to: same, run: litert }'))).toMatchObject({
      code: 'runtime-format',
      message: 'case `a`: runtime `litert` does not execute `onnx` (it executes tflite)',
      fix: expect.stringMatching(/^runtimes for onnx: onnxruntime-node, (?=.*\bonnxruntime,)(?=.*\bonnx-reference\b)/),
    });
  });
  test('the reference’s is told as such', async () => {
    expect((await refused(onnxCase('reference: { runtime: keras }', 'convert: { to: same }'))).message).toBe(
      'case `a`, reference: runtime `keras` does not execute `onnx` (it executes keras)',
    );
  });
});

describe('options', () => {
  const run = (options: string): string =>
    onnxCase(`convert: { to: same, run: { runtime: onnxruntime-node, options: ${options} } }`);
  test('an unknown one', async () => {
    const error = await refused(run('{ graphOptimisationLevel: all }'));
    expect(error).toMatchObject({
      code: 'option-unknown',
      message: 'case `a`: `onnxruntime-node` has no option `graphOptimisationLevel`',
      exitCode: 2,
    });
    expect(error.fix).toMatch(
      /^did you mean `graphOptimizationLevel`\? allowed: graphOptimizationLevel, intraOpNumThreads/,
    );
  });
  test('a value that is not among the allowed', async () => {
    expect(await refused(run('{ graphOptimizationLevel: al }'))).toMatchObject({
      code: 'option-value',
      message: 'case `a`: option `graphOptimizationLevel` of `onnxruntime-node` is "al"',
      fix: 'did you mean `all`? allowed: disabled, basic, extended, layout, all',
    });
  });
  test.each(['two', '1.5', 'null', '[1]', 'true'])('a value of another type: %s threads', async (value) => {
    expect(await refused(run(`{ intraOpNumThreads: ${value} }`))).toMatchObject({
      code: 'option-value',
      fix: 'write a whole number',
    });
  });
  test('of an exporter', async () => {
    const error = await refused('cases:\n  a: { source: model.py, convert: { to: onnx, options: { opste: 18 } } }\n');
    expect(error.message).toBe('case `a`: `torch-onnx` has no option `opste`');
    expect(error.fix).toMatch(/^did you mean `opset`\?/);
    expect(
      (await refused('cases:\n  a: { source: model.py, convert: { to: onnx, options: { opset: high } } }\n')).message,
    ).toBe('case `a`: option `opset` of `torch-onnx` is "high"');
  });
  test('that nothing would read', async () => {
    expect(await refused(onnxCase('convert: { to: same, options: { opset: 18 } }'))).toMatchObject({
      code: 'option-unused',
      message: 'case `a`: option `opset` is set, but `to: same` exports nothing',
      fix: 'remove it; options of a runtime stand in `run: { runtime: …, options: { … } }`',
    });
    expect((await refused(onnxCase('convert: { artifact: tiny-mlp-faulty.onnx, exporter: torch-onnx }'))).message).toBe(
      'case `a`: exporter is set, but `artifact` exports nothing',
    );
  });
});

describe('paths', () => {
  test.each(['source: ../tiny-mlp.onnx', 'source: onnx:../tiny-mlp.onnx'])(
    '%s lies outside the suite’s folder',
    async (source) => {
      const dir = withModels(scratch(), 'tiny-mlp.onnx');
      const suite = await loadSuite(
        write(dir, 'below/onpar.yaml', `cases:\n  a: { ${source}, convert: { to: same } }\n`),
      );
      expect(() => planSuite(suite, catalogue())).toThrow(
        expect.objectContaining({
          code: 'path-outside',
          exitCode: 2,
          message: `case \`a\`: ${source.slice(8)} lies outside the suite’s folder ${join(dir, 'below')}`,
          fix: 'move the file below the suite’s folder, or name it on the command line',
        }),
      );
    },
  );
  test('a source that does not exist: the nearest name beside it', async () => {
    expect(await refused('cases:\n  a: { source: tiny-mpl.onnx, convert: { to: same } }\n')).toEqual({
      code: 'model-file-missing',
      message: 'case `a`: tiny-mpl.onnx does not exist',
      fix: 'did you mean `tiny-mlp.onnx`?',
      exitCode: 2,
    });
  });
  test('weights that nothing would load', async () => {
    const error = await refused(onnxCase('weights: w.safetensors', 'convert: { to: same }'), { 'w.safetensors': 'x' });
    expect(error).toMatchObject({
      code: 'weights-unused',
      message: 'case `a`: tiny-mlp.onnx (onnx) brings its own weights, so `weights` would not be loaded',
      exitCode: 2,
    });
  });
});

describe('a mistake in the last case is told before the first one runs', () => {
  test('two cases', async () => {
    expect(
      (
        await refused(
          'cases:\n  a: { source: tiny-mlp.onnx, convert: { to: same } }\n  b: { source: tiny-mlp.onnx, convert: { to: same, run: litertt } }\n',
        )
      ).message,
    ).toBe('case `b`: unknown runtime `litertt`');
  });
});

describe('ids', () => {
  const ids = async (convert: string): Promise<string[]> =>
    (await plan(onnxCase(`convert: ${convert}`))).conversions.map((c) => c.id);
  test('target, precision, runtime', async () => {
    expect(await ids('[{ to: same }, { artifact: tiny-mlp-faulty.onnx, run: onnxruntime }]')).toEqual([
      'a/same@onnxruntime-node',
      'a/tiny-mlp-faulty.onnx@onnxruntime',
    ]);
  });
  test('two alike are numbered', async () => {
    expect(await ids('[{ to: same }, { to: same }]')).toEqual(['a/same@onnxruntime-node', 'a/same-2@onnxruntime-node']);
  });
  test('a name of ours gives way to the user’s', async () => {
    expect(await ids('[{ to: same }, { to: same, name: same }]')).toEqual([
      'a/same-2@onnxruntime-node',
      'a/same@onnxruntime-node',
    ]);
  });
  test('two names alike are refused: their artifacts would share a folder', async () => {
    expect(
      await refused(onnxCase('convert: [{ to: same, name: q }, { to: same, name: q, run: onnxruntime }]')),
    ).toMatchObject({ code: 'duplicate-id', message: 'case `a`: two conversions have the name `q`' });
  });
  test('a runtime twice needs a name', async () => {
    expect(await refused(onnxCase('convert: { to: same, run: [onnxruntime, onnxruntime] }'))).toMatchObject({
      code: 'duplicate-id',
      fix: 'give one of them a `name:`',
    });
    expect(
      await ids(
        '{ to: same, run: [onnxruntime, { runtime: onnxruntime, name: one-thread, options: { intraOpNumThreads: 1 } }] }',
      ),
    ).toEqual(['a/same@onnxruntime', 'a/same@one-thread']);
  });
});
