import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { packageRoot } from '../../src/core/paths.ts';
import type { Report } from '../../src/records/report.ts';
import { resolveEnvironment } from '../../src/workers/environment.ts';
import { sharedScratch, write } from '../scratch.ts';
import { onpar, readReport } from './onpar.ts';

const encode = { options: { signature: 'encode' } };
const parts = { outputs: ['mean', 'halves:1'] };
const rows = { samples: ['images.npz'], tolerance: 'scaled < 0.05' };
const int16x8 = { to: 'tflite', ...rows };
const calibrated = { precision: 'int16x8', calibration: 'images.npz' };

/** One run of every kind of TensorFlow source: starting TensorFlow is what costs, so it is shared. */
const CASES = {
  h5: {
    source: 'legacy.h5',
    samples: ['portfolio', 'images.npz'],
    convert: [
      { to: 'same' },
      { to: 'savedmodel' },
      { to: 'onnx', exporter: 'tf2onnx', options: { opset: 17 } },
      { to: 'tflite', exporter: 'keras-litert', name: 'litert' },
      { to: 'tflite', name: 'dynamic', options: { precision: 'dynamic-range' } },
      { ...int16x8, name: 'int16x8', options: calibrated },
      { ...int16x8, name: 'int16x8-float', options: { ...calibrated, io: 'float32' } },
      { to: 'tflite', name: 'uncalibrated', options: { precision: 'int8' } },
      { to: 'tflite', name: 'io', options: { ...calibrated, io: 'int8' } },
    ],
  },
  nameless: { source: 'nameless.data', convert: { to: 'same' } },
  weights: { source: 'keras:net.weights.h5', convert: { to: 'same' } },
  wide: {
    source: 'wide.keras',
    samples: 'portfolio:2',
    convert: { to: 'tflite', name: 'dynamic', options: { precision: 'dynamic-range' }, tolerance: 'scaled < 0.1' },
  },
  encode: {
    source: 'codec',
    reference: encode,
    convert: [
      { to: 'onnx', ...encode },
      { to: 'tflite', ...encode },
      { to: 'same', run: { runtime: 'tensorflow', ...encode } },
    ],
  },
  several: { source: 'codec', convert: { to: 'same' } },
  misnamed: { source: 'codec', reference: { options: { signature: 'encoed' } }, convert: { to: 'onnx' } },
  only: { source: 'decoder', convert: [{ to: 'onnx' }, { to: 'tflite' }] },
  bare: { source: 'bare', convert: { to: 'onnx' } },
  bessel: { source: 'bessel', convert: { to: 'onnx' } },
  net: { source: 'net.pb', convert: [{ to: 'onnx' }, { to: 'tflite' }, { to: 'same' }] },
  frozen: {
    source: 'frozen.pb',
    convert: [{ to: 'onnx' }, { to: 'tflite' }, { to: 'same' }, { artifact: 'other.pb', name: 'other' }],
  },
  inner: {
    source: 'frozen.pb',
    reference: { options: { inputs: ['hidden'], ...parts } },
    convert: [
      { to: 'onnx', options: parts },
      { to: 'tflite', options: parts },
    ],
  },
  // Two graphs with functions of one name in one process, and a float64 twin of both.
  normalised: {
    source: 'normalised.pb',
    convert: [{ to: 'onnx' }, { to: 'same' }, { artifact: 'denormalised.pb', name: 'other' }],
  },
  misspelt: { source: 'frozen.pb', reference: { options: { outputs: ['meen'] } }, convert: { to: 'onnx' } },
  half: {
    source: 'frozen.pb',
    reference: { options: { inputs: ['b'] } },
    convert: { to: 'onnx' },
  },
  unfrozen: { source: 'unfrozen.pb', convert: { to: 'onnx' } },
};

const PASS = [
  'h5/same@keras',
  'h5/savedmodel@tensorflow',
  'h5/onnx@onnxruntime-node',
  'h5/litert@litert',
  'h5/dynamic@litert',
  'h5/int16x8@litert',
  'h5/int16x8-float@litert',
  'nameless/same@keras',
  'wide/dynamic@litert',
  'encode/onnx@onnxruntime-node',
  'encode/tflite@litert',
  'encode/same@tensorflow',
  'only/onnx@onnxruntime-node',
  'only/tflite@litert',
  'net/onnx@onnxruntime-node',
  'net/tflite@litert',
  'net/same@tensorflow-graph',
  'frozen/onnx@onnxruntime-node',
  'frozen/tflite@litert',
  'frozen/same@tensorflow-graph',
  'normalised/onnx@onnxruntime-node',
  'normalised/same@tensorflow-graph',
  'inner/onnx@onnxruntime-node',
  'inner/tflite@litert',
];

const dir = sharedScratch();
let report: Report;
let text: string;

beforeAll(async () => {
  const { python } = await resolveEnvironment('tensorflow', { python: 'managed', root: packageRoot }, () => {});
  execFileSync(python, [join(packageRoot, 'test/tensorflow/make-models.py'), dir], { stdio: 'ignore' });
  write(dir, 'onpar.json', JSON.stringify({ cases: CASES }));
  const args = ['run', '--out', 'run', '--reporter', 'terminal', '--jobs', '1', '--python', 'managed'];
  ({ text } = await onpar(args, { cwd: dir, deadlineMs: 590_000 }));
  report = readReport(join(dir, 'run'));
});

function lineOf(id: string): Report['cases'][number] {
  const found = report.cases.find((c) => c.id === id);
  if (found === undefined) throw new Error(`no ${id}:\n${text}`);
  return found;
}
const artifactOf = (id: string) => lineOf(id).artifact ?? { facts: {}, declared: [], precision: '' };

test('what is healthy passes, and nothing else', () => {
  expect(
    report.cases
      .filter((c) => c.verdict === 'pass')
      .map((c) => c.id)
      .sort(),
    text,
  ).toEqual([...PASS].sort());
});

test.each<[string, string, RegExp, RegExp?]>([
  ['h5/uncalibrated@litert', 'calibration-missing', /precision int8 needs calibration data/, /calibration: data.npz/],
  ['h5/io@litert', 'bad-request', /option io of tf-tflite is int8/, /int16 or float32/],
  ['weights/same@keras', 'model-load-failed', /holds the weights of a Keras model without/, /keras:model.py:build/],
  ['several/same@tensorflow', 'signature-unknown', /several signatures .*decode, encode/, /option signature/],
  ['misnamed/onnx@onnxruntime-node', 'signature-unknown', /no signature encoed; it has decode, encode/],
  ['bare/onnx@onnxruntime-node', 'signature-missing', /no signatures.*the functions free/, /signatures=/],
  ['bessel/onnx@onnxruntime-node', 'operator-unsupported', /BesselI0e \(.*BesselI0e\) of bessel in opset \d+/],
  ['misspelt/onnx@onnxruntime-node', 'graph-endpoints', /no tensor meen/, /did you mean .*mean/],
  ['half/onnx@onnxruntime-node', 'graph-endpoints', /needs tower\/a too for halves, halves:1, mean/],
  ['unfrozen/onnx@onnxruntime-node', 'model-load-failed', /not frozen: the values of weight/, /SavedModel/],
])('%s is refused with %s', (id, code, message, fix) => {
  const { verdict, findings } = lineOf(id);
  expect(verdict).toBe('error');
  const [found] = findings.filter((f) => f.severity === 'error');
  expect(found?.code).toBe(code);
  expect(found?.message).toMatch(message);
  if (fix !== undefined) expect(String(found?.args.fix)).toMatch(fix);
});

test.each(['frozen', 'normalised'])('%s with other weights is another function', (name) => {
  const { verdict, findings } = lineOf(`${name}/other@tensorflow-graph`);
  expect(verdict).toBe('fail');
  expect(findings.map((f) => f.code)).toEqual(expect.arrayContaining(['values-differ', 'function-differs']));
});

describe('what a precision did', () => {
  test('dynamic-range that changed nothing is told, and judged as float32', () => {
    const { findings } = lineOf('h5/dynamic@litert');
    expect(findings.find((f) => f.code === 'precision-without-effect')?.message).toBe(
      'asked for dynamic-range, but no weight is stored so: the largest has 54 elements, and weights under 1024 stay as they are',
    );
    expect(artifactOf('h5/dynamic@litert').precision).toBe('float32');
  });

  test('dynamic-range that changed something is not', () => {
    const { findings } = lineOf('wide/dynamic@litert');
    expect(findings.map((f) => f.code)).not.toContain('precision-without-effect');
    expect(artifactOf('wide/dynamic@litert')).toMatchObject({
      precision: 'dynamic-range',
      facts: { constants: { int8: 64 * 64 } },
    });
  });

  test('int16x8 has int16 inputs and outputs unless float32 is asked for', () => {
    const dtypes = (id: string) =>
      artifactOf(id).declared.flatMap((change) => (change.dtype === undefined ? [] : [change.dtype]));
    expect(dtypes('h5/int16x8@litert')).toEqual(['int16', 'int16']);
    expect(dtypes('h5/int16x8-float@litert')).toEqual([]);
    expect(lineOf('h5/int16x8@litert').grade).not.toBe('identical');
    expect(artifactOf('h5/int16x8@litert').facts).toMatchObject({ calibrationRows: 64, constants: { int8: 72 } });
  });
});

describe('what a graph takes and gives', () => {
  test('inputs in the graph’s order without those that nothing needs; outputs that nothing uses', () => {
    const { contract } = lineOf('frozen/same@tensorflow-graph');
    const side = (which: string) => contract.filter((row) => row.side === which).map((row) => row.reference?.name);
    expect(side('input')).toEqual(['b', 'tower/a']);
    expect(side('output')).toEqual(['halves', 'halves:1', 'mean']);
  });

  test('tensors inside can be fed and read, and keep their names in ONNX', () => {
    const { contract } = lineOf('inner/onnx@onnxruntime-node');
    expect(contract.map((row) => [row.reference?.name, row.candidate?.name])).toEqual([
      ['hidden', 'hidden'],
      ['mean', 'mean'],
      ['halves:1', 'halves:1'],
    ]);
  });

  test('the signature in use and those there are stand in the facts', () => {
    expect(lineOf('encode/same@tensorflow').reference.facts).toMatchObject({
      signature: 'encode',
      signatures: ['decode', 'encode'],
    });
  });

  test('unknown dimensions have no number of tf2onnx’ in their names', () => {
    const { contract } = lineOf('net/onnx@onnxruntime-node');
    expect(JSON.stringify(contract)).not.toContain('unk__');
    expect(contract.find((row) => row.side === 'input')?.candidate?.shape?.slice(1)).toEqual([8, 8, 1]);
  });
});
