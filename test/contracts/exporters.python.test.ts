import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { catalogue } from '../../src/engine/catalogue.ts';
import { detectFormat } from '../../src/formats/detect.ts';
import type { Report } from '../../src/records/report.ts';
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
  torchscript: {
    case: torch,
    convert: [{ to: 'torchscript' }, { to: 'torchscript', name: 'script', options: { method: 'script' } }],
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
  tf2onnx: { case: keras, convert: [{ to: 'onnx' }, { to: 'onnx', name: 'opset17', options: { opset: 17 } }] },
  'keras-litert': { case: keras, convert: [{ to: 'tflite' }] },
  'sklearn-onnx': { case: wine, convert: [{ to: 'onnx' }] },
};

let report: Report;
let dir: string;
let clean: () => void;

beforeAll(() => {
  [dir, clean] = scratchWithModels();
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
