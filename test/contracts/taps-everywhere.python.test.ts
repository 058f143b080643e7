import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packageRoot } from '../../src/core/paths.ts';
import { catalogue } from '../../src/engine/catalogue.ts';
import { scratchWithModels } from './suite.ts';
import { faultsOf, type Looked, type Seen, Tapping } from './tapping.ts';

/**
 * What every runtime that can be looked into owes: a graph in an order of computation, the values that it promises or the
 * reason why not, and outputs that are as they are without looking. A new one without a line here fails the first test.
 */
const MODELS: Record<string, Looked> = {
  torch: {
    toolchain: 'pytorch',
    runtime: 'torch',
    format: 'pytorch',
    path: 'demo/digits_cnn.py',
    callable: 'build',
    weights: 'demo/digits_cnn.safetensors',
    inputs: { image: [2, 1, 8, 8] },
  },
  torchscript: {
    toolchain: 'pytorch',
    runtime: 'torchscript',
    format: 'torchscript',
    path: 'files/script.pt',
    inputs: { x: [3, 2] },
  },
  'torch-export': {
    toolchain: 'pytorch',
    runtime: 'torch-export',
    format: 'torch-export',
    path: 'files/exported.pt2',
    inputs: { x: [1, 2] },
  },
  jax: {
    toolchain: 'jax',
    runtime: 'jax',
    format: 'jax',
    path: 'models/jax_mlp.py',
    callable: 'build',
    inputs: { x: [2, 8] },
  },
  sklearn: {
    toolchain: 'sklearn',
    runtime: 'sklearn',
    format: 'sklearn',
    path: 'demo/wine.joblib',
    inputs: { X: [3, 13] },
  },
  litert: {
    toolchain: 'litert',
    runtime: 'litert',
    format: 'tflite',
    path: 'models/tflite/dense-float.tflite',
    inputs: { x: [3, 8] },
  },
  keras: {
    toolchain: 'tensorflow',
    runtime: 'keras',
    format: 'keras',
    path: 'demo/digits_keras.keras',
    inputs: { image: [2, 8, 8, 1] },
  },
  tensorflow: {
    toolchain: 'tensorflow',
    runtime: 'tensorflow',
    format: 'savedmodel',
    path: 'files/saved_model',
    inputs: { x: [2] },
  },
  'tensorflow-graph': {
    toolchain: 'tensorflow',
    runtime: 'tensorflow-graph',
    format: 'graphdef',
    path: 'models/frozen.pb',
    inputs: { x: [2, 32] },
  },
  openvino: {
    toolchain: 'openvino',
    runtime: 'openvino',
    format: 'onnx',
    path: 'models/tiny-mlp.onnx',
    inputs: { x: [2, 8] },
  },
  tfjs: {
    toolchain: 'tfjs',
    runtime: 'tfjs',
    format: 'tfjs',
    path: 'models/tfjs-layers/model.json',
    inputs: { image: [2, 8, 8, 1], context: [2, 3] },
  },
  'tfjs-node': {
    toolchain: 'tfjs-node',
    runtime: 'tfjs-node',
    format: 'tfjs',
    path: 'models/tfjs-layers/model.json',
    inputs: { image: [2, 8, 8, 1], context: [2, 3] },
  },
};

let tapping: Tapping;
let clean: () => void;

beforeAll(() => {
  const [dir, remove] = scratchWithModels();
  cpSync(join(packageRoot, 'test', 'formats', 'files'), join(dir, 'files'), { recursive: true });
  clean = remove;
  tapping = new Tapping(dir);
});
afterAll(async () => {
  await tapping.close();
  clean();
});

it('every runtime that says `taps` has a model here', () => {
  const names = catalogue().runtimes.filter((runtime) => runtime.taps === true);
  expect(names.map(({ name }) => name).sort()).toEqual(Object.keys(MODELS).sort());
});

describe.each(Object.entries(MODELS))('%s', (_, model) => {
  let seen: Seen;
  beforeAll(async () => {
    seen = await tapping.look(model);
  });

  it('tells nodes in an order of computation, each tensor once', () => {
    expect(faultsOf(seen.graph)).toEqual([]);
    expect(seen.graph.nodes.length).toBeGreaterThan(0);
  });

  it('calls the ends of the graph as its contract does', () => {
    const { contract, graph } = seen;
    if (contract.inputs.length > 0) expect(graph.inputs).toEqual(contract.inputs.map(({ name }) => name));
    const given = new Set([...graph.inputs, ...Object.keys(graph.tensors).filter((n) => graph.tensors[n]?.constant)]);
    const called = [...seen.outputs.keys()].map((name) => (given.has(name) ? `${name} (output)` : name));
    expect(graph.outputs).toEqual(called);
  });

  it('answers every tensor with its value or the reason why not', () => {
    const { graph, taps, tapped } = seen;
    const missing = tapped.missing.map(({ name }) => name);
    const asked = Object.keys(graph.tensors).filter((name) => {
      const { tappable, constant } = graph.tensors[name] ?? {};
      return tappable === true || constant === true;
    });
    expect([...taps.keys(), ...missing].sort()).toEqual(asked.sort());
    for (const { reason } of tapped.missing) expect(reason).not.toBe('');
    expect(missing).toEqual([]);
    for (const [name, { dtype, shape }] of taps) {
      const told = graph.tensors[name];
      if (told?.dtype != null) expect([name, dtype]).toEqual([name, told.dtype]);
      const sizes = told?.shape?.map((dim, axis) => (typeof dim === 'number' ? dim : shape[axis]));
      if (sizes !== undefined) expect([name, shape]).toEqual([name, sizes]);
    }
  });

  it('answers as it does without being looked into, in the tapped outputs too unless it says how far they are', () => {
    const { untapped, outputs, taps, tapped, graph } = seen;
    expect([...outputs].map(([name, { data }]) => [name, data])).toEqual(
      [...untapped].map(([name, { data }]) => [name, data]),
    );
    const apart = new Map(tapped.apart?.map(({ output, relative }) => [output, relative]));
    for (const name of graph.outputs) {
      const moved = apart.get(name);
      if (moved === undefined) expect([name, taps.get(name)?.data]).toEqual([name, outputs.get(name)?.data]);
      // More than a low precision rounds would be another model.
      else expect(moved).toBeLessThan(0.02);
    }
  });

  it('says the same when it is opened again, and so of a tensor that the model has not', async () => {
    const { graph, tapped } = await tapping.look(model, { names: ['no such tensor'] });
    expect(graph).toEqual(seen.graph);
    expect(tapped.missing.map(({ name }) => name)).toEqual(['no such tensor']);
  });
});
