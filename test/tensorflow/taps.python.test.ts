import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packageRoot } from '../../src/core/paths.ts';
import type { OpNode } from '../../src/records/graph.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { toFloat64 } from '../../src/tensor/values.ts';
import { resolveEnvironment } from '../../src/workers/environment.ts';
import { faultsOf, type Looked, type Seen, Tapping } from '../contracts/tapping.ts';

/** Blocks of the user's own, one used twice; arithmetic between layers, and a mask that only a layer makes. */
const CODE = `
import keras
from keras import layers

class Block(layers.Layer):
    def __init__(self, width, **named):
        super().__init__(**named)
        self.inner = layers.Dense(width, activation="relu", name="inner")
        self.width = width

    def build(self, shape):
        self.inner.build(shape)
        self.gain = self.add_weight(shape=(self.width,), name="gain", initializer="ones")

    def call(self, x):
        y = self.inner(x)
        return x + y * self.gain

class Net(keras.Model):
    def __init__(self):
        super().__init__()
        self.first = layers.Dense(8, name="first")
        self.block = Block(8, name="block")
        self.drop = layers.Dropout(0.5, name="drop")
        self.head = layers.Dense(3, name="head")

    def call(self, x, training=False):
        x = self.block(self.block(self.first(x)))
        return {"logits": self.head(self.drop(x, training=training)), "features": x}

def net():
    keras.utils.set_random_seed(1)
    return Net()

def series():
    keras.utils.set_random_seed(1)
    given = keras.Input((None, 4), name="x")
    x = layers.Masking(name="masking")(given)
    x = layers.LSTM(5, return_sequences=True, name="lstm")(x)
    x = layers.MultiHeadAttention(2, 4, name="attention")(x, x)
    return keras.Model(given, layers.Dense(2, name="y")(x))
`;

const IMAGE = { image: [2, 16, 16, 3] };
const KERAS: Looked = { toolchain: 'tensorflow', runtime: 'keras', format: 'keras', path: 'cnn.keras', inputs: IMAGE };
const TFLITE: Looked = { toolchain: 'litert', runtime: 'litert', format: 'tflite', path: 'cnn.tflite', inputs: IMAGE };
const SAVED: Looked = { ...KERAS, runtime: 'tensorflow', format: 'savedmodel', path: 'saved' };

/** Layer → the one behind it whose output is the first that TFLite keeps. */
const FOLDED: Readonly<Record<string, string>> = {
  'block_a/conv': 'block_a/act',
  'block_a/norm': 'block_a/act',
  depthwise: 'bn',
};

let dir: string;
let tapping: Tapping;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'onpar-taps-'));
  tapping = new Tapping(dir);
  writeFileSync(join(dir, 'net.py'), CODE);
  const { python } = await resolveEnvironment('tensorflow', { python: 'managed', root: packageRoot }, () => {});
  execFileSync(python, [join(packageRoot, 'test', 'tensorflow', 'make-taps-models.py'), dir], { stdio: 'pipe' });
});
afterAll(async () => {
  await tapping.close();
  rmSync(dir, { recursive: true, force: true });
});

const numbers = (tensor: Tensor | undefined): Float64Array => {
  if (tensor === undefined) throw new Error('no such tensor');
  return toFloat64(tensor);
};

/** Largest difference relative to the rms of the first. */
function apart(one: Tensor | undefined, other: Tensor | undefined): number {
  const [a, b] = [numbers(one), numbers(other)];
  const rms = Math.sqrt(a.reduce((sum, x) => sum + x * x, 0) / a.length);
  return a.length === b.length ? Math.max(...a.map((x, i) => Math.abs(x - (b[i] ?? Number.NaN)))) / rms : Infinity;
}

const named = (seen: Seen, id: string): OpNode => {
  const found = seen.graph.nodes.find((node) => node.id === id);
  if (found === undefined) throw new Error(`no node ${id} among ${seen.graph.nodes.map((n) => n.id).join(', ')}`);
  return found;
};

/** The last node that says it was made of the layer: what the layer's output became. */
const madeOf = ({ graph }: Seen, layer: string): OpNode | undefined =>
  graph.nodes.findLast(({ origins }) => origins.includes(layer));

describe('a Keras CNN and what was exported of it', () => {
  let keras: Seen;
  beforeAll(async () => {
    keras = await tapping.look(KERAS);
  });

  it('is a node for each layer, with the models inside of it taken apart', () => {
    expect(keras.graph.nodes.map(({ id, op }) => `${id} ${op}`)).toEqual([
      'stem Conv2D',
      'block_a/conv Conv2D',
      'block_a/norm BatchNormalization',
      'block_a/act ReLU',
      'skip Add',
      'depthwise DepthwiseConv2D',
      'bn BatchNormalization',
      'gelu Activation',
      'pool MaxPooling2D',
      'project Conv2D',
      'ln LayerNormalization',
      'gap GlobalAveragePooling2D',
      'hidden Dense',
      'scores Dense',
    ]);
    expect(named(keras, 'bn')).toMatchObject({
      attributes: { epsilon: 0.01, axis: -1 },
      inputs: ['depthwise', 'bn/gamma', 'bn/beta', 'bn/moving_mean', 'bn/moving_variance'],
    });
    expect(named(keras, 'stem').attributes).toMatchObject({ padding: 'same', strides: [2, 2], activation: 'relu' });
    expect(keras.graph.tensors.stem).toEqual({ dtype: 'float32', shape: [null, 8, 8, 8], tappable: true });
    expect(named(keras, 'block_a/act').module).toEqual(['block_a', 'act']);
  });

  it.each([
    ['TFLite', TFLITE],
    // Weights in float16, which XNNPACK widens and never writes: the values are those of the built-in kernels.
    ['TFLite in float16', { ...TFLITE, path: 'half.tflite' }],
    ['SavedModel', SAVED],
  ])('pairs each layer by origin with a tensor of %s of the same values', async (name, model) => {
    const other = await tapping.look(model);
    expect(faultsOf(other.graph)).toEqual([]);
    expect(other.tapped.missing).toEqual([]);
    const limit = name === 'TFLite in float16' ? 0.01 : 1e-5;
    for (const { id } of keras.graph.nodes) {
      // A batch norm is folded into what stands before it; the last node of TFLite bears the name of the output alone.
      const layer = model === SAVED ? id : (FOLDED[id] ?? id);
      const made = id === 'scores' ? other.graph.outputs[0] : madeOf(other, id)?.outputs[0];
      expect([id, apart(keras.taps.get(layer), other.taps.get(String(made))) < limit]).toEqual([id, true]);
    }
    if (model !== SAVED) return;
    for (const weight of ['stem/kernel', 'hidden/bias']) {
      expect(keras.graph.tensors[weight]).toMatchObject({ constant: true, tappable: false });
      expect([weight, apart(keras.taps.get(weight), other.taps.get(weight))]).toEqual([weight, 0]);
    }
  });

  it('gives the values of its float64 twin', async () => {
    const wide = await tapping.look(KERAS, { variant: { precision: 'float64' } });
    expect(wide.graph.nodes.map(({ id }) => id)).toEqual(keras.graph.nodes.map(({ id }) => id));
    for (const { outputs } of wide.graph.nodes) {
      const name = String(outputs[0]);
      expect([name, wide.taps.get(name)?.dtype]).toEqual([name, 'float64']);
      expect([name, apart(wide.taps.get(name), keras.taps.get(name)) < 1e-5]).toEqual([name, true]);
    }
    expect(apart(wide.taps.get('ln'), keras.taps.get('ln'))).toBeGreaterThan(0);
  });
});

describe('TFLite', () => {
  it('tells options, axes and quantisation as attributes, and the same values from both kinds of kernels', async () => {
    const [deployed, plain] = await Promise.all(
      [true, false].map((xnnpack) => tapping.look({ ...TFLITE, path: 'half.tflite', options: { xnnpack } })),
    );
    const [one, two] = [deployed as Seen, plain as Seen];
    expect(madeOf(one, 'stem')).toMatchObject({
      op: 'CONV_2D',
      attributes: { padding: 'SAME', strideW: 2, fusedActivationFunction: 'RELU' },
    });
    expect(madeOf(one, 'gap')).toMatchObject({ op: 'MEAN', attributes: { axis: [1, 2], keepDims: false } });
    expect(one.facts.taps).not.toEqual(two.facts.taps);
    // A tensor that was never written would be of any size.
    for (const [name, tensor] of one.taps) {
      const distance = tensor.dtype === 'int32' ? 0 : apart(two.taps.get(name), tensor);
      expect([name, distance < 1e-4]).toEqual([name, true]);
    }
    expect(one.tapped.apart).toBeUndefined();
  });
});

describe('Keras code', () => {
  it('is taken apart into its layers and the arithmetic between them, each with its line', async () => {
    const net: Looked = { ...KERAS, path: 'net.py', callable: 'net', inputs: { x: [2, 6] } };
    const seen = await tapping.look(net);
    expect(faultsOf(seen.graph)).toEqual([]);
    expect(seen.graph.nodes.map(({ id, op }) => `${id} ${op}`)).toEqual([
      'first Dense',
      'block/inner Dense',
      'block/Mul Mul',
      'block/AddV2 AddV2',
      'block/inner#2 Dense',
      'block/Mul#2 Mul',
      'block/AddV2#2 AddV2',
      'drop Dropout',
      'head Dense',
    ]);
    const line = CODE.split('\n').indexOf('        return x + y * self.gain') + 1;
    expect(named(seen, 'block/Mul').source).toEqual({ file: 'net.py', line, text: 'return x + y * self.gain' });
    expect(named(seen, 'block/inner').source?.text).toBe('y = self.inner(x)');
    expect(named(seen, 'block/inner#2').inputs[0]).toBe('block/AddV2');
    // Dropout hands its input on, so both outputs are the same tensor: it keeps the name of the one that it is.
    expect(seen.graph.outputs).toEqual(['logits', 'features']);
    const gain = named(seen, 'block/Mul').inputs[1];
    const [a, b, c] = [named(seen, 'block/Mul').outputs[0], named(seen, 'block/inner').outputs[0], gain].map((n) =>
      numbers(seen.taps.get(String(n))),
    ) as [Float64Array, Float64Array, Float64Array];
    expect(a).toEqual(b.map((x, i) => x * (c[i % 8] ?? Number.NaN)));
  });

  it('may loop longer on a sample than on the one that its graph was taken from', async () => {
    const seen = await tapping.look({ ...KERAS, path: 'net.py', callable: 'series', inputs: { x: [3, 7, 4] } });
    expect(seen.tapped.missing).toEqual([]);
    expect(seen.taps.get(String(named(seen, 'lstm').outputs[0]))?.shape).toEqual([3, 7, 5]);
    expect(named(seen, 'masking').source?.text).toBe('x = layers.Masking(name="masking")(given)');
    // The mask is made inside of a layer and used by others.
    expect(faultsOf(seen.graph)).toEqual([]);
  });
});
