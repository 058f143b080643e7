import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { packageRoot } from '../../src/core/paths.ts';
import { writeOnnx } from '../../src/formats/onnx/read.ts';
import { tensorFrom } from '../../src/tensor/build.ts';
import { readSafetensors, writeSafetensors } from '../../src/tensor/safetensors.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { toFloat64 } from '../../src/tensor/values.ts';
import { workerEnvironment } from '../../src/workers/isolation.ts';
import type { ModelRef } from '../../src/workers/protocol.ts';
import { Worker } from '../../src/workers/worker.ts';
import { MODELS } from '../e2e/onpar.ts';
import { info, node, model as onnxModel } from '../formats/build-onnx.ts';
import { scratch, write } from '../scratch.ts';

const TIME = { timeoutMs: 30_000 };

function host(): Worker {
  const worker = new Worker({
    name: 'node worker',
    command: [process.execPath, join(packageRoot, 'dist', 'node-host.js')],
    env: workerEnvironment(),
    cwd: scratch(),
    limits: { memoryBytes: null, network: true },
  });
  onTestFinished(() => worker.kill());
  return worker;
}

const model = (path: string): ModelRef => ({
  format: 'onnx',
  path: path.includes('/') ? path : join(MODELS, path),
  root: MODELS,
  trust: false,
});
const open = (worker: Worker, path: string, options: Record<string, unknown> = {}) =>
  worker.request('open', { runtime: 'onnxruntime-node', model: model(path), options, inputs: [] }, TIME);

/** A sample file with such an x. */
function sample(dir: string, name: string, rows: number, columns: number, input = 'x'): { id: string; inputs: string } {
  const file = join(dir, `${name}.safetensors`);
  writeSafetensors(
    file,
    new Map([
      [
        input,
        tensorFrom(
          'float32',
          [rows, columns],
          Array.from({ length: rows * columns }, (_, i) => i / 10),
        ),
      ],
    ]),
  );
  return { id: name, inputs: file };
}

describe('the Node host', () => {
  test('feeds and gives back float16, on a Node that has an array type for it and on one that has not', async () => {
    const [w, dir] = [host(), scratch()];
    const path = join(dir, 'half.onnx');
    writeOnnx(
      path,
      onnxModel({
        node: [node('Neg', 'x', 'y')],
        input: [info('x', 'float16', [1, 2])],
        output: [info('y', 'float16', [1, 2])],
      }),
    );
    const { session } = await open(w, path);
    const inputs = join(dir, 'half.safetensors');
    writeSafetensors(inputs, new Map([['x', tensorFrom('float16', [1, 2], [2, -0.5])]]));
    const { samples } = await w.request('run', { session, samples: [{ id: 'half', inputs }], outDir: dir }, TIME);
    const y = readSafetensors(samples[0]?.file ?? '').get('y');
    expect([y?.dtype, ...toFloat64(y as Tensor)]).toEqual(['float16', -2, 0.5]);
  });

  test('says hello, describes, opens, runs, closes', async () => {
    const [w, dir] = [host(), scratch()];
    expect(await w.hello(30_000)).toMatchObject({ protocol: 1, language: 'node', version: process.version });
    const described = await w.request(
      'describe',
      { runtime: 'onnxruntime-node', model: model('tiny-mlp.onnx'), options: {}, outDir: dir },
      TIME,
    );
    const opened = await open(w, 'tiny-mlp.onnx');
    expect(opened.contract).toEqual(described.contract);
    expect(opened.contract).toMatchObject({
      names: 'declared',
      inputs: [{ name: 'x', dtype: 'float32', shape: ['batch', 8] }],
      outputs: [
        { name: 'logits', shape: ['batch', 4] },
        { name: 'label', dtype: 'int64' },
      ],
    });
    const { samples, peakMemoryBytes } = await w.request(
      'run',
      { session: opened.session, samples: [sample(dir, 'a', 3, 8), sample(dir, 'b', 1, 8)], outDir: join(dir, 'out') },
      TIME,
    );
    expect(samples.map((s) => [s.sample, s.outputs.map((o) => o.shape)])).toEqual([
      ['a', [[3, 4], [3]]],
      ['b', [[1, 4], [1]]],
    ]);
    expect([...readSafetensors(samples[0]?.file as string).keys()]).toEqual(['logits', 'label']);
    expect(peakMemoryBytes).toBeGreaterThan(1e7);
    await w.request('close', { session: opened.session }, TIME);
    await expect(w.request('close', { session: opened.session }, TIME)).rejects.toMatchObject({
      code: 'unknown-session',
    });
  });
  test('a sample that is refused is a result beside the others, with what was wrong', async () => {
    const [w, dir] = [host(), scratch()];
    const { session } = await open(w, 'tiny-mlp.onnx');
    const { samples } = await w.request(
      'run',
      {
        session,
        samples: [
          sample(dir, 'wide', 2, 9),
          sample(dir, 'named', 2, 8, 'image'),
          sample(dir, 'good', 2, 8),
          { id: 'gone', inputs: join(dir, 'gone.safetensors') },
        ],
        outDir: dir,
      },
      TIME,
    );
    expect(samples.map((s) => [s.sample, s.failure?.code])).toEqual([
      ['wide', 'run-failed'],
      ['named', 'input-mismatch'],
      ['good', undefined],
      ['gone', expect.any(String)],
    ]);
    expect(samples[0]?.failure?.message).toMatch(/Got: 9 Expected: 8/);
    expect(samples[1]?.failure?.message).toBe('the sample has image; the model takes x');
    expect(samples[3]?.failure?.message).toContain('gone.safetensors');
  });
  test('rename feeds a model whose input is called differently', async () => {
    const [w, dir] = [host(), scratch()];
    const { session } = await open(w, 'tiny-mlp.onnx');
    const { samples } = await w.request(
      'run',
      { session, samples: [sample(dir, 'a', 2, 8, 'image')], outDir: dir, rename: { image: 'x' } },
      TIME,
    );
    expect(samples[0]?.failure).toBeUndefined();
  });
  test('options reach the runtime', async () => {
    const { facts } = await open(host(), 'tiny-mlp.onnx', { graphOptimizationLevel: 'disabled', intraOpNumThreads: 1 });
    expect(facts).toMatchObject({ graphOptimizationLevel: 'disabled', threads: 1, provider: 'cpu' });
  });
  test('what is asked wrongly is answered, and the host goes on', async () => {
    const w = host();
    await expect(open(w, write(scratch(), 'text.onnx', 'this is a text'))).rejects.toMatchObject({
      code: 'model-load-failed',
      message: expect.stringContaining('text.onnx'),
      fix: expect.any(String),
    });
    await expect(open(w, '/nowhere/model.onnx')).rejects.toMatchObject({
      message: expect.stringContaining('/nowhere/model.onnx'),
    });
    await expect(
      w.request('describe', { runtime: 'tensorrt', model: model('tiny-mlp.onnx'), options: {}, outDir: '' }, TIME),
    ).rejects.toMatchObject({
      code: 'unknown-runtime',
      message: 'the Node host has no runtime `tensorrt`',
      fix: expect.stringContaining('onnxruntime-node'),
    });
    await expect(w.request('export', {} as never, TIME)).rejects.toMatchObject({ code: 'unknown-exporter' });
    await expect(w.request('fly' as 'close', {} as never, TIME)).rejects.toMatchObject({
      code: 'unknown-verb',
      fix: expect.stringContaining('hello, describe'),
    });
    expect((await open(w, 'nan.onnx')).contract.outputs[0]?.name).toBe('y');
  });
});
