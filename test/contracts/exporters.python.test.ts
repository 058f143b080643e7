import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { catalogue } from '../../src/engine/catalogue.ts';
import { detectFormat } from '../../src/formats/detect.ts';
import type { Report } from '../../src/records/report.ts';
import { tensorFrom } from '../../src/tensor/build.ts';
import { writeSafetensors } from '../../src/tensor/safetensors.ts';
import { runSuite, scratchWithModels } from './suite.ts';

const image = { dtype: 'float32', shape: ['batch', 1, 8, 8], range: [0, 16] };
const torch = {
  source: 'demo/digits_cnn.py:build',
  weights: 'demo/digits_cnn.safetensors',
  inputs: { image },
  samples: 'portfolio',
};
const keras = {
  source: 'demo/digits_keras.keras',
  inputs: { image: { ...image, shape: ['batch', 8, 8, 1] } },
  samples: 'portfolio',
};
const wine = {
  source: 'demo/wine.joblib',
  trust: true,
  samples: ['demo/wine-test.npz'],
  inputs: { features: { dtype: 'float32', shape: ['batch', 13] } },
};

/** OpenVINO's own default is bfloat16 on processors that are fast at it. */
const inFull = { runtime: 'openvino', options: { inferencePrecision: 'f32' } };
const tools = (name: string, samples: string) => ({
  source: `models/onnx-tools/${name}.onnx`,
  samples: [`models/onnx-tools/${samples}.npz`],
});
const cnn = tools('cnn', 'images-test');
const encoder = tools('encoder', 'tokens-test');

/** One healthy conversion for each exporter and each of its modes: a new exporter without a line here fails the first test. */
const CASES: Record<string, { case: object; convert: object[] }> = {
  'torch-onnx': {
    case: torch,
    convert: [
      { to: 'onnx' },
      { to: 'onnx', name: 'legacy', options: { dynamo: false } },
      { to: 'onnx', name: 'opset18', options: { opset: 18 } },
    ],
  },
  'litert-torch': {
    // The converter fixes every size.
    case: { ...torch, inputs: { image: { ...image, shape: [4, 1, 8, 8] } } },
    convert: [
      { to: 'tflite' },
      { to: 'tflite', name: 'nhwc', options: { channelLastInputs: true } },
      { to: 'tflite', options: { precision: 'float16' }, tolerance: 'float16' },
      { to: 'tflite', options: { precision: 'dynamic-range' }, tolerance: 'argmaxAgreement >= 0.9' },
      {
        to: 'tflite',
        options: { precision: 'int8', calibration: 'demo/digits-test.npz' },
        samples: ['demo/digits-test.npz'],
        // The quantiser's ranges are moving averages of the batches' extremes, so the widest answers are cut.
        tolerance: 'argmaxAgreement >= 0.99 and sqnrDb > 20',
      },
    ],
  },
  executorch: {
    case: torch,
    convert: [
      { to: 'executorch' },
      { to: 'executorch', name: 'portable', options: { backend: 'portable' } },
      { to: 'executorch', options: { precision: 'dynamic-range' }, tolerance: 'argmaxAgreement >= 0.9' },
      {
        to: 'executorch',
        options: { precision: 'int8', calibration: 'demo/digits-test.npz', maxSizes: { batch: 512 } },
        // What lies outside the ranges of the calibration is cut off.
        samples: ['demo/digits-test.npz'],
        tolerance: 'argmaxAgreement >= 0.9 and scaled < 0.2',
      },
    ],
  },
  jax2onnx: {
    case: {
      source: 'jax:models/jax_mlp.py:build',
      inputs: { x: { dtype: 'float32', shape: ['batch', 8] } },
      samples: 'portfolio',
    },
    convert: [{ to: 'onnx' }, { to: 'onnx', name: 'opset21', options: { opset: 21 } }],
  },
  'huggingface-onnx': {
    // A row that is masked wholly has no answer that everyone agrees on; written down step by step it has one.
    case: {
      source: 'models/huggingface/bert',
      reference: { options: { attention: 'eager' } },
      samples: 'portfolio',
      dims: { sequence: [1, 5, 64] },
    },
    convert: [{ to: 'onnx', options: { attention: 'eager' } }],
  },
  torchscript: {
    case: torch,
    convert: [{ to: 'torchscript' }, { to: 'torchscript', name: 'script', options: { method: 'script' } }],
  },
  'torch-export': {
    case: torch,
    convert: [{ to: 'torch-export' }, { to: 'torch-export', name: 'strict', options: { strict: true } }],
  },
  'keras-savedmodel': { case: keras, convert: [{ to: 'savedmodel' }] },
  'keras-onnx': { case: keras, convert: [{ to: 'onnx' }] },
  'tf-tflite': {
    case: keras,
    convert: [
      { to: 'tflite' },
      { to: 'tflite', options: { precision: 'float16' }, tolerance: 'float16' },
      { to: 'tflite', options: { precision: 'dynamic-range' }, tolerance: 'argmaxAgreement >= 0.9' },
      {
        to: 'tflite',
        options: { precision: 'int8', calibration: 'demo/digits-calibration.npz' },
        samples: ['demo/digits-test-nhwc.npz'],
        tolerance: 'argmaxAgreement >= 0.99 and scaled < 0.1',
      },
      {
        to: 'tflite',
        options: { precision: 'int16x8', calibration: 'demo/digits-calibration.npz' },
        samples: ['demo/digits-test-nhwc.npz'],
        tolerance: 'argmaxAgreement >= 0.99 and scaled < 0.05',
      },
    ],
  },
  openvino: {
    case: { source: 'models/tiny-mlp.onnx', samples: 'portfolio' },
    convert: [
      { to: 'openvino', run: inFull },
      { to: 'openvino', options: { precision: 'float16' }, run: inFull },
      {
        to: 'openvino',
        options: { precision: 'int8', calibration: 'mlp-calibration.safetensors' },
        samples: ['mlp-calibration.safetensors'],
        run: inFull,
        // NNCF cuts activations at the mean of the rows' maxima: 18 dB are left in a layer of 16 units.
        tolerance: { logits: 'sqnrDb > 15', label: 'mismatchFraction < 0.05' },
      },
    ],
  },
  onnx2tf: {
    case: cnn,
    convert: [
      { to: 'tflite' },
      { to: 'tflite', name: 'kept', options: { keepLayout: true } },
      { to: 'tflite', options: { precision: 'float16' }, tolerance: 'float16' },
      { to: 'tflite', options: { precision: 'dynamic-range' }, tolerance: 'argmaxAgreement >= 0.9' },
      {
        to: 'tflite',
        options: { precision: 'int8', calibration: 'models/onnx-tools/images.npz' },
        tolerance: 'argmaxAgreement >= 0.9',
      },
    ],
  },
  'onnx2tf-savedmodel': {
    case: { source: 'models/tiny-mlp.onnx', samples: 'portfolio' },
    convert: [{ to: 'savedmodel' }],
  },
  'tfjs-converter': {
    case: keras,
    convert: [
      { to: 'tfjs' },
      { to: 'tfjs', name: 'half', options: { precision: 'float16', shardBytes: 4096 } },
      { to: 'tfjs', name: 'bytes', options: { precision: 'uint8' }, tolerance: 'argmaxAgreement >= 0.9' },
    ],
  },
  'openvino-torch': {
    case: torch,
    convert: [
      { to: 'openvino', run: inFull },
      { to: 'openvino', name: 'export', options: { method: 'export' }, run: inFull },
      {
        to: 'openvino',
        options: { precision: 'int8', calibration: 'demo/digits-test.npz' },
        run: inFull,
        tolerance: 'argmaxAgreement >= 0.9',
      },
    ],
  },
  'keras-openvino': { case: keras, convert: [{ to: 'openvino', run: inFull }] },
  tf2onnx: { case: keras, convert: [{ to: 'onnx' }, { to: 'onnx', name: 'opset17', options: { opset: 17 } }] },
  'keras-litert': { case: keras, convert: [{ to: 'tflite' }] },
  'sklearn-onnx': { case: wine, convert: [{ to: 'onnx' }] },
  'onnx-optimize': {
    case: { ...cnn, samples: 'portfolio' },
    convert: ['basic', 'extended', 'all'].map((level) => ({ to: 'onnx', name: level, options: { level } })),
  },
  'onnx-simplify': { case: { ...encoder, samples: 'portfolio' }, convert: [{ to: 'onnx' }] },
  'onnx-preprocess': { case: { ...cnn, samples: 'portfolio' }, convert: [{ to: 'onnx' }] },
  'onnx-opset': {
    case: { ...cnn, samples: 'portfolio' },
    convert: [
      { to: 'onnx', name: 'up', options: { opset: 23 } },
      { to: 'onnx', name: 'down', options: { opset: 15 } },
    ],
  },
  'onnx-float16': {
    case: encoder,
    convert: [
      { to: 'onnx', name: 'whole' },
      { to: 'onnx', name: 'inside', options: { keepIo: true, blockList: ['Softmax', 'make_logits'] } },
      {
        to: 'onnx',
        name: 'mixed',
        options: { mixed: true, keepIo: true, calibration: 'models/onnx-tools/tokens.npz', rtol: 0.05, atol: 0.01 },
      },
    ],
  },
  'onnx-quantize-dynamic': {
    case: encoder,
    convert: [
      { to: 'onnx', name: 'int8' },
      { to: 'onnx', name: 'channels', options: { weightType: 'uint8', perChannel: true, preprocess: false } },
    ],
  },
  'onnx-quantize-static': {
    case: cnn,
    convert: [
      { name: 'qdq', options: { perChannel: true } },
      { name: 'qoperator', options: { format: 'QOperator', activationType: 'uint8', perChannel: true } },
      { name: 'percentile', options: { method: 'percentile', activationType: 'uint16', preprocess: false } },
    ].map(({ name, options }) => ({
      to: 'onnx',
      name,
      options: { calibration: 'models/onnx-tools/images.npz', ...options },
    })),
  },
  'onnxmltools-xgboost': {
    case: { source: 'models/xgb-early.ubj', samples: 'portfolio' },
    convert: [{ to: 'onnx' }, { to: 'onnx', name: 'opset12', options: { opset: 12 } }],
  },
  'onnxmltools-lightgbm': { case: { source: 'models/lgb-multi.txt', samples: 'portfolio' }, convert: [{ to: 'onnx' }] },
};

let report: Report;
let dir: string;
let clean: () => void;

beforeAll(() => {
  [dir, clean] = scratchWithModels();
  const rows = Array.from({ length: 64 * 8 }, (_, i) => Math.fround(Math.sin(i * 1.7) * 2));
  const calibration = new Map([['x', tensorFrom('float32', [64, 8], rows)]]);
  writeSafetensors(join(dir, 'mlp-calibration.safetensors'), calibration);
  const cases = Object.fromEntries(
    Object.entries(CASES).map(([exporter, { case: c, convert }]) => [
      exporter,
      { ...c, python: 'managed', convert: convert.map((v) => ({ ...v, exporter })) },
    ]),
  );
  report = runSuite(dir, { cases });
});
afterAll(() => clean());

it('every registered exporter has a healthy conversion here', () => {
  expect(
    catalogue()
      .exporters.map((e) => e.name)
      .sort(),
  ).toEqual(Object.keys(CASES).sort());
});

describe.each(Object.keys(CASES))('%s', (exporter) => {
  const info = catalogue().exporters.find((e) => e.name === exporter);
  const conversions = () => report.cases.filter((c) => c.case === exporter);

  it('makes what it says, and the original agrees with it', () => {
    expect(conversions()).toHaveLength(CASES[exporter]?.convert.length ?? 0);
    for (const c of conversions()) {
      expect(
        c.findings.filter((f) => f.severity === 'error'),
        c.id,
      ).toEqual([]);
      expect(c.verdict, c.id).toBe('pass');
      expect(
        c.samples.every((s) => s.verdict === 'pass'),
        c.id,
      ).toBe(true);
    }
  });

  it('leaves an artifact of its format, with digest, version and lineage', () => {
    for (const c of conversions()) {
      const path = join(dir, 'out', c.artifact?.path ?? 'missing');
      expect(existsSync(path), c.id).toBe(true);
      expect(detectFormat(path).format).toBe(info?.to);
      expect(c.artifact?.digest).toMatch(/^[0-9a-f]{64}$/);
      expect(c.candidate.exporter).toBe(exporter);
      expect(c.candidate.exporterVersion).toMatch(/\d+\.\d+/);
    }
  });
});
