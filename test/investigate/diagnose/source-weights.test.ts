import { describe, expect, test } from 'vitest';
import { sourceWeights } from '../../../src/investigate/diagnose/source-weights.ts';
import { applied } from '../../../src/investigate/diagnose/weights/apply.ts';
import { weightCause } from '../../../src/investigate/diagnose/weights/compare.ts';
import { folded, type Linear, linearOf } from '../../../src/investigate/diagnose/weights/layer.ts';
import { tensorFrom } from '../../../src/tensor/build.ts';
import type { Tensor } from '../../../src/tensor/tensor.ts';
import { transpose } from '../../../src/tensor/transpose.ts';
import { toFloat64 } from '../../../src/tensor/values.ts';
import { mulberry } from '../../tensor/random.ts';
import { questionOf } from './question.ts';

const draw = mulberry(5);
const random = (...shape: number[]): Tensor =>
  tensorFrom(
    'float32',
    shape,
    Float64Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => draw() * 2 - 1),
  );
const SAME = 2e-6;

const weight = random(6, 3, 3, 3);
const bias = random(6);
const layer = linearOf(weight, 'oihw', bias) as Linear;
const width = 27;
const positive = (n: number) => Float64Array.from({ length: n }, () => 0.5 + draw());
const norm = {
  gamma: positive(6),
  beta: toFloat64(random(6)),
  mean: toFloat64(random(6)),
  variance: positive(6),
  epsilon: 1e-3,
};

describe('how a layer differs', () => {
  test('rows of frameworks are the same rows', () => {
    const keras = transpose(weight, [2, 3, 1, 0]);
    const tflite = transpose(weight, [0, 2, 3, 1]);
    expect(linearOf(keras, 'hwio', bias)).toEqual(layer);
    expect(linearOf(tflite, 'ohwi', bias)).toEqual(layer);
    expect(weightCause(layer, linearOf(tflite, 'ohwi', bias) as Linear, undefined, SAME)).toBeNull();
  });

  test('depthwise: Keras’ multiplier against TFLite’s outputs', () => {
    const depthwise = random(3, 3, 4, 2);
    const tflite = { ...depthwise, shape: [1, 3, 3, 8] };
    expect(linearOf(tflite, '1hwo', null)).toEqual(linearOf(depthwise, 'hwim', null));
  });

  test.each<[string, (l: Linear) => Linear, object]>([
    ['its bias is gone', (l) => ({ ...l, bias: null }), { code: 'bias-dropped' }],
    [
      'one row is scaled',
      (l) => ({ ...l, weight: l.weight.map((w, i) => (Math.floor(i / width) === 2 ? w * 1.5 : w)) }),
      { code: 'channel-corrupted', args: { channels: '2' } },
    ],
    [
      'one bias',
      (l) => ({ ...l, bias: (l.bias as Float64Array).map((b, o) => (o === 4 ? 0 : b)) }),
      { code: 'channel-corrupted', args: { channels: '4' } },
    ],
    [
      'everything is scaled',
      (l) => ({ ...l, weight: l.weight.map((w) => w * 1.01) }),
      { code: 'weights-differ', args: { relative: 0.01 } },
    ],
    [
      'rows stand in reverse',
      (l) => ({
        ...l,
        weight: l.weight.map((_, i) => l.weight[(5 - Math.floor(i / width)) * width + (i % width)] as number),
      }),
      { code: 'channel-order', args: { axis: 0, order: '5, 4, 3, 2, 1, 0' } },
    ],
    [
      'its window is turned',
      (l) => ({ ...l, weight: l.weight.map((_, i) => l.weight[Math.floor(i / 9) * 9 + 8 - (i % 9)] as number) }),
      { code: 'channel-order' },
    ],
    [
      'its window is transposed',
      (l) => ({
        ...l,
        weight: l.weight.map(
          (_, i) => l.weight[Math.floor(i / 9) * 9 + (i % 3) * 3 + Math.floor((i % 9) / 3)] as number,
        ),
      }),
      { code: 'layout-permuted' },
    ],
    [
      'it went through float16',
      (l) => ({ ...l, weight: toFloat64(tensorFrom('float16', [l.weight.length], l.weight)) }),
      { code: 'dtype-narrowed', args: { dtype: 'float16' } },
    ],
  ])('%s', (_, change, expected) => {
    expect(weightCause(layer, change(layer), undefined, SAME)).toMatchObject(expected);
  });

  test('folded: another epsilon, the bias before it, other statistics', () => {
    const whole = folded(layer, norm);
    expect(weightCause(layer, whole, norm, SAME)).toBeNull();
    expect(weightCause(layer, folded(layer, { ...norm, epsilon: 1e-5 }), norm, SAME)).toMatchObject({
      code: 'epsilon-differs',
      args: { from: 1e-3, to: 1e-5 },
    });
    expect(weightCause(layer, folded({ ...layer, bias: null }, norm), norm, SAME)).toMatchObject({
      code: 'bias-dropped',
    });
    expect(weightCause(layer, folded(layer, { ...norm, variance: positive(6) }), norm, SAME)).toMatchObject({
      code: 'weights-differ',
    });
  });
});

// By hand: 1 + 2·2 + …: a 2×2 window of 1, 2, 3, 4 over 1 … 9, and padded "same" at the end as Keras does.
test('a convolution as its framework computes it', () => {
  const input = tensorFrom('float32', [1, 3, 3, 1], [1, 2, 3, 4, 5, 6, 7, 8, 9]);
  const kernel = linearOf(
    tensorFrom('float32', [2, 2, 1, 1], [1, 2, 3, 4]),
    'hwio',
    tensorFrom('float32', [1], [1]),
  ) as Linear;
  const node = { id: 'conv', op: 'Conv2D', inputs: ['x', 'k'], outputs: ['y'], module: [], source: null, origins: [] };
  const valid = applied({ ...node, attributes: { padding: 'valid', strides: [1, 1] } }, kernel, input);
  expect(valid?.shape).toEqual([1, 2, 2, 1]);
  expect([...(valid?.values ?? [])]).toEqual([38, 48, 68, 78]);
  const same = applied({ ...node, attributes: { padding: 'same', strides: [2, 2] } }, kernel, input);
  expect([...(same?.values ?? [])]).toEqual([38, 22, 24, 10]);
});

describe('a candidate that cannot be edited', () => {
  const x = random(5, 3, 7, 6);
  const relu = (v: number) => Math.max(v, 0);
  const attributes = { stride: [1, 1], padding: [1, 1], dilation: [1, 1], groups: 1 };

  /** A convolution and its ReLU on each side; the candidate's weight and bias may be others. */
  function question(w: Tensor, b: Tensor, disturbed = 0) {
    const made = (kernel: Tensor, offset: Tensor) => {
      const node = {
        id: 'c',
        op: 'aten.conv2d.default',
        inputs: ['x', 'w', 'b'],
        outputs: ['h'],
        attributes,
        module: [],
        source: null,
        origins: [],
      };
      const { values, shape } = applied(node, linearOf(kernel, 'oihw', offset) as Linear, x) as {
        values: Float64Array;
        shape: number[];
      };
      return { node, h: tensorFrom('float64', shape, values), y: tensorFrom('float64', shape, values.map(relu)) };
    };
    const [left, right] = [made(weight, bias), made(w, b)];
    const y =
      disturbed === 0
        ? right.y
        : tensorFrom(
            'float64',
            right.y.shape,
            toFloat64(right.y).map((v, i) => v + disturbed * Math.sin(i)),
          );
    return questionOf(
      {
        nodes: [left.node, { op: 'aten.relu.default', inputs: ['h'], outputs: ['y'] }],
        values: { x, w: weight, b: bias, h: left.h, y: left.y },
        constants: ['w', 'b'],
      },
      { nodes: [{ ...left.node, op: 'Conv', outputs: ['y'] }], values: { x, w, b, y }, constants: ['w', 'b'] },
      [['x', 'x']],
    );
  }

  test('is told by computing the layer with both weights', async () => {
    const zero = tensorFrom('float32', [6], new Array(6).fill(0));
    expect(await sourceWeights.test(question(weight, zero))).toMatchObject({ code: 'bias-dropped', explained: 1 });
    const other = tensorFrom(
      'float32',
      weight.shape,
      toFloat64(weight).map((w) => w * 1.02),
    );
    expect(await sourceWeights.test(question(other, bias))).toMatchObject({ code: 'weights-differ', explained: 1 });
  });

  test('is left alone where its weights do not account for its values, or are the same', async () => {
    const zero = tensorFrom('float32', [6], new Array(6).fill(0));
    expect(await sourceWeights.test(question(weight, zero, 1))).toBeUndefined();
    expect(await sourceWeights.test(question(weight, bias, 1))).toBeUndefined();
  });
});
