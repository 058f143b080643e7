import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Report } from '../../src/records/report.ts';
import { sharedScratch, write } from '../scratch.ts';
import { type Finished, MODELS, onpar, readReport } from './onpar.ts';

type Choice = readonly [name: string, exporter: string, options?: object];

/** Conversions by the model they start from; every one of them runs in one worker. */
const CASES: Record<string, { source?: string; samples: string; convert: readonly Choice[] }> = {
  cnn: {
    samples: 'images-test.npz',
    convert: [
      ['float16', 'float16'],
      ['keeps-io', 'float16', { keepIo: true, blockList: ['Conv'] }],
      ['forgets-io', 'float16', { keepIo: true, blockList: ['Gemm'] }],
      ['blocks-nothing', 'float16', { blockList: ['Conw'] }],
      ['blocks-and-mixes', 'float16', { blockList: ['Conv'], mixed: true }],
      ['mixes-without-data', 'float16', { mixed: true }],
      ['convolutions', 'quantize-dynamic', { perChannel: true }],
      ['entropy', 'quantize-static', { calibration: 'images.npz', method: 'entropy', perChannel: true }],
      ['zeros', 'quantize-static', { calibration: 'images-zeros.npz', perChannel: true }],
      ['no-calibration', 'quantize-static'],
      ['other-calibration', 'quantize-static', { calibration: 'tokens.npz' }],
      ['mixed-types', 'quantize-static', { calibration: 'images.npz', activationType: 'int8', weightType: 'uint8' }],
      [
        'wide-operators',
        'quantize-static',
        { calibration: 'images.npz', format: 'QOperator', activationType: 'int16' },
      ],
      ['lone-percentile', 'quantize-static', { calibration: 'images.npz', percentile: 99 }],
      ['excludes-nothing', 'quantize-dynamic', { exclude: ['conv_7'] }],
      ['quantises-nothing', 'quantize-dynamic', { opTypes: ['Relu'] }],
      ['down', 'opset', { opset: 13 }],
      ['no-opset', 'opset'],
      ['future-opset', 'opset', { opset: 99 }],
      ['no-pass', 'simplify', { skip: ['everything'] }],
    ],
  },
  encoder: {
    samples: 'tokens-test.npz',
    convert: [
      ['channels', 'quantize-dynamic', { perChannel: true }],
      ['stale-types', 'quantize-dynamic', { preprocess: false, perChannel: true }],
      ['too-old', 'opset', { opset: 13 }],
      ['renewed', 'opset', { opset: 23 }],
    ],
  },
  // Made samples: a batch of them spans another range than a row of it.
  'encoder-made': { source: 'encoder', samples: 'portfolio', convert: [['batch-ranges', 'quantize-dynamic']] },
  // Its output `logits` is read by a node behind it.
  'tiny-mlp': { samples: 'portfolio', convert: [['inner-output', 'float16', { keepIo: true }]] },
  nested: { samples: 'portfolio', convert: [['bodies', 'opset', { opset: 13 }]] },
  positive: {
    samples: 'both-signs.npz',
    convert: [
      ['both-signs', 'quantize-static', { calibration: 'both-signs.npz' }],
      ['below-zero', 'quantize-static', { calibration: 'below-zero.npz' }],
    ],
  },
  outsized: {
    samples: 'both-signs.npz',
    convert: [
      ['cut', 'float16'],
      ['whole', 'float16', { maxFinite: 65_504 }],
    ],
  },
};

const dir = sharedScratch();
let finished: Finished;
let report: Report;

beforeAll(async () => {
  cpSync(join(MODELS, 'onnx-tools'), dir, { recursive: true });
  cpSync(join(MODELS, 'tiny-mlp.onnx'), join(dir, 'tiny-mlp.onnx'));
  const cases = Object.fromEntries(
    Object.entries(CASES).map(([model, { source = model, samples, convert }]) => [
      model,
      {
        source: `${source}.onnx`,
        samples: [samples],
        python: 'managed',
        convert: convert.map(([name, exporter, options = {}]) => ({
          to: 'onnx',
          name,
          exporter: `onnx-${exporter}`,
          options,
          // Both hosts round what they feed to float16.
          run: name === 'float16' ? ['onnxruntime-node', 'onnxruntime'] : ['onnxruntime-node'],
        })),
      },
    ]),
  );
  write(dir, 'onpar.json', JSON.stringify({ cases }));
  finished = await onpar(['run', '--out', 'run', '--jobs', '2'], { cwd: dir, deadlineMs: 300_000 });
  report = readReport(join(dir, 'run'));
});

function found(name: string) {
  const one = report.cases.find((c) => c.id.includes(`/${name}@`));
  if (one === undefined) throw new Error(`no conversion ${name}:\n${finished.text}`);
  return { ...one, codes: one.findings.map((f) => f.code), says: one.findings.map((f) => f.message).join('\n') };
}

test('parity does not hold, and nothing is a bug of onpar', () => {
  expect(finished.exitCode).toBe(1);
  expect(finished.text).not.toContain('a bug in onpar');
});

describe('done well', () => {
  test.each([
    'float16',
    'keeps-io',
    'inner-output',
    'channels',
    'entropy',
    'both-signs',
    'whole',
    'stale-types',
    'renewed',
    'bodies',
  ])('%s passes', (name) => {
    const c = found(name);
    expect([c.verdict, c.codes.filter((code) => /^(dtype-changed|exporter-warning)$/.test(code))], c.says).toEqual([
      'pass',
      name === 'stale-types' ? ['exporter-warning'] : [],
    ]);
  });

  test('float16 inputs and outputs are declared, and fed samples rounded to float16, in Node and in Python', () => {
    const { artifact, says } = found('float16');
    const runs = report.cases.filter((c) => c.id.startsWith('cnn/float16@'));
    expect(runs.map((c) => [c.id, c.verdict])).toEqual([
      ['cnn/float16@onnxruntime-node', 'pass'],
      ['cnn/float16@onnxruntime', 'pass'],
    ]);
    expect(artifact?.precision).toBe('float16');
    expect(artifact?.declared).toMatchObject([
      { side: 'input', name: 'image', dtype: 'float16' },
      { side: 'output', name: 'scores', dtype: 'float16' },
    ]);
    expect(says).toMatch(/image.*float16/);
  });

  test('dynamic quantisation takes its scales from the batch: told, and no fault', () => {
    const c = found('batch-ranges');
    expect([c.verdict, c.findings.find((f) => f.code === 'candidate-mixes-rows')?.severity], c.says).toEqual([
      'pass',
      'warning',
    ]);
    expect(c.says).toMatch(/scales from the whole batch/);
  });

  test('the precision follows the option', () => {
    const precisions = ['channels', 'entropy', 'renewed', 'keeps-io'].map((name) => found(name).artifact?.precision);
    expect(precisions).toEqual(['dynamic-range', 'int8', 'float32', 'float16']);
  });

  test('what is quantised is in the graph: integers, and no batch norm', () => {
    const facts = found('entropy').artifact?.facts as { operators: Record<string, number>; calibrationBatches: number };
    expect(facts.operators).toMatchObject({ QuantizeLinear: expect.any(Number), Conv: 2 });
    expect(facts.operators).not.toHaveProperty('BatchNormalization');
    expect(facts.calibrationBatches).toBe(48);
  });
});

describe('done badly', () => {
  test.each([
    ['zeros', 'values-differ', /calibration data for image is 0 in every element of all 8 batches/],
    ['convolutions', 'beyond-noise-floor', /perChannel was asked for, but the weights of 2 operators/],
    ['below-zero', 'values-differ', /y: 100 % of the elements/],
    ['forgets-io', 'dtype-changed', /keepIo was asked for, but the converter made scores float16/],
    ['cut', 'values-differ', /weights outside the range were cut.*20000, became 10000 \(option maxFinite/],
  ])('%s fails by %s', (name, code, says) => {
    const c = found(name);
    expect(c.verdict, c.says).toBe('fail');
    expect(c.codes).toContain(code);
    expect(c.says).toMatch(says);
  });
});

describe('refused, with the fix', () => {
  test.each([
    ['no-calibration', /cnn\.onnx: this conversion needs calibration data/, /calibration: data\.npz/],
    ['mixes-without-data', /needs calibration data/, /calibration: data\.npz/],
    ['other-calibration', /tokens\.npz: image has 2 axes, the model's input 4/, /rows along its first axis/],
    ['mixed-types', /activationType int8 does not go with weightType uint8/, /activationType uint8/],
    ['wide-operators', /QOperator has no 16-bit types \(activationType int16/, /use format QDQ/],
    ['lone-percentile', /percentile is set, but method is minmax/, /method: percentile/],
    ['blocks-nothing', /no operator or node called Conw/, /its operators: BatchNormalization, Conv/],
    ['blocks-and-mixes', /takes no `blockList`/, /leave one of them out/],
    ['excludes-nothing', /no node called conv_7/, /it has make_c1/],
    ['quantises-nothing', /nothing in it was quantised/, /BatchNormalization, Conv/],
    ['down', /opset 17 to 13: onnx \S+ cannot bring BatchNormalization across opset 15/, /stay on this side/],
    ['too-old', /opset 13 has no Gelu \(since opset 20\), LayerNormalization/, /convert to opset 20 or newer/],
    ['no-opset', /needs the opset to convert cnn\.onnx to \(it has 17\)/, /--option opset=N/],
    ['future-opset', /opset 99 does not exist in onnx/, /from 7 to \d+/],
    ['no-pass', /no pass everything/, /constantFolding/],
  ])('%s', (name, message, fix) => {
    const c = found(name);
    expect(c.verdict).toBe('error');
    expect(c.codes).toContain(/needs calibration/.test(String(message)) ? 'calibration-missing' : 'export-failed');
    expect(c.says).toMatch(message);
    expect(JSON.stringify(c.findings)).toMatch(fix);
  });
});

describe('on the command line', () => {
  test('an exporter by name', async () => {
    const { exitCode, text } = await onpar(
      ['run', 'cnn.onnx', '--to', 'onnx', '--exporter', 'onnx-simplify', '--python', 'managed', '--samples', '3'],
      { cwd: dir, deadlineMs: 120_000 },
    );
    expect([exitCode, text]).toEqual([0, expect.stringMatching(/onnx-simplify@onnxruntime-node\s+identical/)]);
  });

  test('without one: the list', async () => {
    const { exitCode, text } = await onpar(['run', 'cnn.onnx', '--to', 'onnx'], { cwd: dir });
    expect(exitCode).toBe(2);
    expect(text).toMatch(/7 exporters turn `onnx` into `onnx`[\s\S]*onnx-optimize, onnx-simplify/);
  });
});
