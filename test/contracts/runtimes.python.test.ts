import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { catalogue } from '../../src/engine/catalogue.ts';
import type { Report } from '../../src/records/report.ts';
import { run, runSuite, scratchWithModels } from './suite.ts';

const image = { dtype: 'float32', shape: ['batch', 1, 8, 8], range: [0, 16] };
const nhwc = { ...image, shape: ['batch', 8, 8, 1] };

/**
 * Each runtime runs a model as the reference against itself in a fresh worker call: same model, same inputs, so anything
 * but `identical` is a fault of the runtime or of its host. A new runtime without a line here fails the first test.
 */
const MODELS: Record<string, { make?: readonly string[]; case: object }> = {
  torch: { case: { source: 'demo/digits_cnn.py:build', weights: 'demo/digits_cnn.safetensors', inputs: { image } } },
  torchscript: {
    make: ['demo/digits_cnn.py:trained', 'torchscript'],
    case: { source: 'made/torchscript/artifacts/digits_cnn/torchscript/model.pt', inputs: { image } },
  },
  'torch-export': {
    make: ['demo/digits_cnn.py:trained', 'torch-export'],
    case: { source: 'made/torch-export/artifacts/digits_cnn/torch-export/model.pt2', trust: true },
  },
  executorch: {
    make: ['demo/digits_cnn.py:trained', 'executorch'],
    // Exported without dynamic sizes: the file says which it takes.
    case: { source: 'made/executorch/artifacts/digits_cnn/executorch/model.pte' },
  },
  tokenizers: { case: { source: 'models/huggingface/bert/tokenizer.json' } },
  'tokenizers-js': {
    case: { source: 'models/huggingface/t5/tokenizer.json', reference: { runtime: 'tokenizers-js' } },
  },
  pillow: { case: { source: 'models/preprocess.json' } },
  opencv: { case: { source: 'models/preprocess.json', reference: { runtime: 'opencv' } } },
  'tf-image': { case: { source: 'models/preprocess.json', reference: { runtime: 'tf-image' } } },
  sharp: { case: { source: 'models/preprocess.json', reference: { runtime: 'sharp' } } },
  librosa: { case: { source: 'models/audio.json' } },
  'tf-signal': { case: { source: 'models/audio.json', reference: { runtime: 'tf-signal' } } },
  jax: { case: { source: 'jax:models/jax_mlp.py:build', inputs: { x: { dtype: 'float32', shape: ['batch', 8] } } } },
  transformers: { case: { source: 'models/huggingface/bert' } },
  keras: { case: { source: 'demo/digits_keras.keras', inputs: { image: nhwc } } },
  tensorflow: {
    make: ['demo/digits_keras.keras', 'savedmodel'],
    case: { source: 'made/savedmodel/artifacts/digits_keras/savedmodel/saved_model' },
  },
  'tensorflow-graph': { case: { source: 'models/frozen.pb' } },
  sklearn: { case: { source: 'demo/wine.joblib', trust: true } },
  xgboost: { case: { source: 'models/xgb-early.ubj' } },
  lightgbm: { case: { source: 'models/lgb-multi.txt' } },
  onnxruntime: { case: { source: 'models/tiny-mlp.onnx', reference: { runtime: 'onnxruntime' } } },
  'onnx-reference': { case: { source: 'models/tiny-mlp.onnx', reference: { runtime: 'onnx-reference' } } },
  'onnxruntime-web': { case: { source: 'models/tiny-mlp.onnx', reference: { runtime: 'onnxruntime-web' } } },
  tfjs: { case: { source: 'models/tfjs-layers' } },
  'tfjs-node': { case: { source: 'models/tfjs-layers', reference: { runtime: 'tfjs-node' } } },
  'onnxruntime-web-browser': {
    case: { source: 'models/tiny-mlp.onnx', reference: { runtime: 'onnxruntime-web-browser' } },
  },
  'tfjs-browser': {
    make: ['demo/digits_keras.keras', 'tfjs'],
    case: {
      source: 'made/tfjs/artifacts/digits_keras/tfjs/model.json',
      reference: { runtime: 'tfjs-browser' },
    },
  },
  'litertjs-browser': { case: { source: 'models/tflite/fixed.tflite', reference: { runtime: 'litertjs-browser' } } },
  'onnxruntime-node': { case: { source: 'models/tiny-mlp.onnx' } },
  worker: { case: { source: 'worker:hosts/mlp-host.mjs' } },
  openvino: {
    // Made by a command that judges what it made, and by default OpenVINO may compute in bfloat16.
    make: ['models/tiny-mlp.onnx', 'openvino', '--tolerance', 'bfloat16'],
    case: { source: 'made/openvino/artifacts/tiny-mlp/openvino/model.xml' },
  },
  'litert-node': { case: { source: 'models/tflite/dense-float.tflite', reference: { runtime: 'litert-node' } } },
  litertjs: { case: { source: 'models/tflite/fixed.tflite', reference: { runtime: 'litertjs' } } },
  litert: {
    make: ['demo/digits_keras.keras', 'tflite'],
    case: { source: 'made/tflite/artifacts/digits_keras/tflite/model.tflite' },
  },
};

let report: Report;
let clean: () => void;

beforeAll(() => {
  const [dir, remove] = scratchWithModels();
  clean = remove;
  for (const { make } of Object.values(MODELS)) {
    if (make?.[0] !== undefined && make[1] !== undefined)
      run(
        [
          'run',
          make[0],
          '--to',
          make[1],
          '--python',
          'managed',
          '--samples',
          '1',
          '--out',
          `made/${make[1]}`,
          '--reporter',
          'json',
          ...make.slice(2),
        ],
        dir,
      );
  }
  const cases = Object.fromEntries(
    Object.entries(MODELS).map(([runtime, { case: c }]) => [
      runtime,
      { samples: 'portfolio', python: 'managed', ...c, convert: { to: 'same', run: runtime } },
    ]),
  );
  report = runSuite(dir, { cases });
});
afterAll(() => clean());

it('every registered runtime has a model here', () => {
  expect(
    catalogue()
      .runtimes.filter((r) => r.remote !== true)
      .map((r) => r.name)
      .filter((name) => name !== 'recorded')
      .sort(),
  ).toEqual(Object.keys(MODELS).sort());
});

it('every runtime of served models agrees with itself in test/served, where real servers are', () => {
  const remote = catalogue().runtimes.filter((r) => r.remote === true);
  expect(remote.map((r) => r.name).sort()).toEqual(['oip-grpc', 'oip-rest', 'sagemaker', 'tfserving-rest']);
});

describe.each(Object.keys(MODELS))('%s', (runtime) => {
  const only = () => {
    const found = report.cases.find((c) => c.case === runtime);
    if (found === undefined) throw new Error(`${runtime} is not in the report`);
    return found;
  };

  it('agrees with itself on every sample', () => {
    const c = only();
    expect(c.findings.filter((f) => f.severity === 'error')).toEqual([]);
    expect([c.verdict, c.grade]).toEqual(['pass', 'identical']);
    expect(c.samples.length).toBeGreaterThan(5);
    expect(c.outputs.length).toBeGreaterThan(0);
  });

  it('tells its version, its packages and how long it took', () => {
    const { reference } = only();
    expect(reference.runtime).toBe(runtime);
    expect(reference.runtimeVersion).toMatch(/^\d+\.\d+/);
    expect(Object.keys(reference.packages).length).toBeGreaterThan(0);
    expect(reference.runMilliseconds).toBeGreaterThan(0);
    expect(reference.peakMemoryBytes).toBeGreaterThan(1e6);
  });
});
