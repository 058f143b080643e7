import { describe, expect, test } from 'vitest';
import { operatorAlternatives } from '../../../src/investigate/diagnose/operator-alternatives.ts';
import type { Evidence } from '../../../src/investigate/scene.ts';
import type { Dtype } from '../../../src/tensor/dtype.ts';
import type { Tensor } from '../../../src/tensor/tensor.ts';
import { toFloat64 } from '../../../src/tensor/values.ts';
import { info, model, type NodeInit, node, type TensorInit, tensor } from '../../formats/build-onnx.ts';
import { sharedScratch } from '../../scratch.ts';
import { mulberry } from '../../tensor/random.ts';
import { floats, labOf } from '../lab.ts';
import { questionOf } from '../scene.ts';

const dir = sharedScratch();

const draw = mulberry(11);
const random = (...shape: number[]): Tensor =>
  floats(
    shape,
    Float64Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => 4 * draw() - 2),
  );
const held = (name: string, { shape, dtype, ...of }: Tensor): TensorInit =>
  tensor(name, dtype as Exclude<Dtype, 'string'>, shape, toFloat64({ shape, dtype, ...of }));
const ints = (name: string, values: readonly number[]): TensorInit => tensor(name, 'int64', [values.length], values);
const one = (name: string, value: number): TensorInit => tensor(name, 'float32', [], [value]);

interface Net {
  readonly nodes: readonly NodeInit[];
  readonly constants?: readonly TensorInit[];
}

/** What is found of two nets from `x` to `y`, the reference first. */
async function found(x: Tensor, reference: Net, candidate: Net): Promise<Evidence | undefined> {
  const built = ({ nodes, constants = [] }: Net) =>
    model({
      node: [...nodes],
      input: [info('x', x.dtype, x.shape)],
      output: [info('y', 'float32', [])].map(({ name }) => ({ ...(name === undefined ? {} : { name }) })),
      initializer: [...constants],
    });
  const lab = await labOf({
    reference: built(reference),
    candidate: built(candidate),
    inputs: new Map([['x', x]]),
    dir,
  });
  const question = await questionOf(lab);
  if (question === null) throw new Error('nothing differs');
  return operatorAlternatives.test(question);
}

/** One node with the same operands and constants, of which an attribute differs. */
const attributes = (
  op: string,
  x: Tensor,
  [right, wrong]: readonly [Attributes, Attributes],
  constants: readonly TensorInit[] = [],
) => {
  const names = ['x', ...constants.map(({ name }) => (name === '' ? '_' : name))].join(' ');
  const net = (a: Attributes): Net => ({
    nodes: [node(op, names, 'y', a)],
    constants: constants.filter(({ name }) => name !== ''),
  });
  return found(x, net(right), net(wrong));
};
type Attributes = Parameters<typeof node>[3];

const image = random(1, 2, 5, 6);
const none: TensorInit = { name: '' };
const sizes = [none, tensor('scales', 'float32', [4], [1, 1, 1.6, 2.5])];
const four = [random(2), random(2), random(2)].map((t, i) => held(`p${i}`, t));
const positive = tensor('var', 'float32', [2], [0.003, 0.02]);

describe('an attribute of the operator', () => {
  test.each<
    [string, string, Tensor, readonly [Attributes, Attributes], readonly TensorInit[] | undefined, Partial<Evidence>]
  >(
    [
      [
        'Resize by corners',
        'Resize',
        image,
        [{ mode: 'linear', coordinate_transformation_mode: 'align_corners' }, { mode: 'linear' }],
        sizes,
        {
          code: 'resize-mode',
          args: {
            from: 'coordinate_transformation_mode align_corners',
            to: 'coordinate_transformation_mode half_pixel',
          },
        },
      ],
      [
        'Resize of another coefficient',
        'Resize',
        image,
        [{ mode: 'cubic', cubic_coeff_a: -0.5 }, { mode: 'cubic' }],
        sizes,
        { code: 'resize-mode' },
      ],
      [
        'another border of an average',
        'AveragePool',
        image,
        [
          { kernel_shape: [3, 3], pads: [1, 1, 1, 1], count_include_pad: 1 },
          { kernel_shape: [3, 3], pads: [1, 1, 1, 1] },
        ],
        undefined,
        { code: 'pool-border' },
      ],
      [
        'padding at the other side',
        'Conv',
        image,
        [
          { pads: [0, 0, 1, 1], strides: [2, 2] },
          { pads: [1, 1, 0, 0], strides: [2, 2] },
        ],
        [held('w', random(3, 2, 2, 2))],
        { code: 'padding-differs', args: { from: 'pads 0, 0, 1, 1', to: 'pads 1, 1, 0, 0' } },
      ],
      [
        'a dilation',
        'Conv',
        image,
        [{ pads: [2, 2, 2, 2], dilations: [2, 2] }, { pads: [1, 1, 1, 1] }],
        [held('w', random(3, 2, 3, 3))],
        { code: 'window-differs' },
      ],
      [
        'the epsilon of Keras',
        'BatchNormalization',
        image,
        [{ epsilon: 1e-3 }, { epsilon: 1e-5 }],
        [...four, positive],
        { code: 'epsilon-differs', args: { from: 1e-3, to: 1e-5 } },
      ],
      [
        'an epsilon that nobody has',
        'BatchNormalization',
        image,
        [{ epsilon: 4.3e-3 }, { epsilon: 1e-5 }],
        [...four, positive],
        { code: 'epsilon-differs', args: { from: 4.3e-3, to: 1e-5 } },
      ],
      ['a slope', 'LeakyRelu', image, [{ alpha: 0.07 }, { alpha: 0.01 }], undefined, { code: 'activation-variant' }],
      [
        'the variant of GELU',
        'Gelu',
        image,
        [{ approximate: 'none' }, { approximate: 'tanh' }],
        undefined,
        { code: 'activation-variant' },
      ],
      [
        'the axis of a softmax',
        'Softmax',
        image,
        [{ axis: 1 }, { axis: 3 }],
        undefined,
        { code: 'axis-differs', args: { from: 1, to: 3 } },
      ],
      [
        'a sum from the other end',
        'CumSum',
        image,
        [{ reverse: 1 }, {}],
        [ints('axis', [3])],
        { code: 'attribute-differs', args: { attribute: 'reverse', from: 1, to: 0 } },
      ],
      [
        'depth to space',
        'DepthToSpace',
        random(1, 8, 3, 2),
        [
          { blocksize: 2, mode: 'CRD' },
          { blocksize: 2, mode: 'DCR' },
        ],
        undefined,
        { code: 'layout-permuted' },
      ],
      [
        'the window of a local response',
        'LRN',
        random(1, 8, 3, 3),
        [
          { size: 3, alpha: 0.5 },
          { size: 5, alpha: 0.5 },
        ],
        undefined,
        { code: 'normalisation-differs' },
      ],
      ['the sign of a remainder', 'Mod', image, [{ fmod: 1 }, { fmod: 1 }], undefined, {}],
    ].filter(([name]) => name !== 'the sign of a remainder') as never,
  )('%s', async (_, op, x, change, constants, expected) => {
    const evidence = await attributes(op, x, change, constants);
    expect(evidence).toMatchObject(expected);
    expect(evidence?.explained).toBeGreaterThan(0.98);
    expect(evidence?.mend).toHaveLength(evidence?.mend?.length || 1);
  });
});

describe('what stands in the graph', () => {
  const table = held('table', random(9, 4));
  const rows = random(4, 6);
  const cases: readonly [string, Tensor, Net, Net, Partial<Evidence>][] = [
    [
      'a row further',
      rows,
      {
        nodes: [node('Gather', 'table ids', 'g'), node('MatMul', 'g x', 'y')],
        constants: [table, ints('ids', [5, 2, 3, 3])],
      },
      {
        nodes: [node('Gather', 'table ids', 'g'), node('MatMul', 'g x', 'y')],
        constants: [table, ints('ids', [6, 3, 4, 4])],
      },
      { code: 'index-differs' },
    ],
    [
      'positions from one',
      rows,
      {
        nodes: [node('Gather', 'table ids', 'g'), node('MatMul', 'g x', 'y')],
        constants: [table, ints('ids', [1, 2, 3, 4])],
      },
      {
        nodes: [node('Gather', 'table ids', 'g'), node('MatMul', 'g x', 'y')],
        constants: [table, ints('ids', [0, 1, 2, 3])],
      },
      { code: 'position-offset', args: { offset: -1 } },
    ],
    [
      'operands the other way round',
      rows,
      { nodes: [node('Sigmoid', 'x', 's'), node('Sub', 'x s', 'y')] },
      { nodes: [node('Sigmoid', 'x', 's'), node('Sub', 's x', 'y')] },
      { code: 'operands-swapped' },
    ],
    [
      'a scale of attention',
      random(2, 3, 4),
      { nodes: [node('Mul', 'x s', 'm'), node('Softmax', 'm', 'y')], constants: [one('s', 0.25)] },
      { nodes: [node('Mul', 'x s', 'm'), node('Softmax', 'm', 'y')], constants: [one('s', 0.37)] },
      { code: 'scaling-differs' },
    ],
    [
      'an epsilon that is written out',
      random(3, 5),
      {
        nodes: [
          node('Mul', 'x x', 'q'),
          node('ReduceMean', 'q axes', 'm'),
          node('Add', 'm e', 'a'),
          node('Sqrt', 'a', 'r'),
          node('Div', 'x r', 'y'),
        ],
        constants: [ints('axes', [1]), one('e', 1e-2)],
      },
      {
        nodes: [
          node('Mul', 'x x', 'q'),
          node('ReduceMean', 'q axes', 'm'),
          node('Add', 'm e', 'a'),
          node('Sqrt', 'a', 'r'),
          node('Div', 'x r', 'y'),
        ],
        constants: [ints('axes', [1]), one('e', 1e-5)],
      },
      { code: 'epsilon-differs' },
    ],
    [
      'a residual addition left out',
      rows,
      { nodes: [node('Tanh', 'x', 't'), node('Add', 't x', 'a'), node('Sigmoid', 'a', 'y')] },
      { nodes: [node('Tanh', 'x', 't'), node('Sigmoid', 't', 'y')] },
      { code: 'operator-missing', args: { operator: 'Add' } },
    ],
    [
      'other axes of a mean',
      random(2, 3, 3, 3),
      { nodes: [node('ReduceMean', 'x axes', 'y')], constants: [ints('axes', [2, 3])] },
      { nodes: [node('ReduceMean', 'x axes', 'y')], constants: [ints('axes', [1, 2])] },
      { code: 'axis-differs' },
    ],
    [
      'parts joined in another order',
      rows,
      { nodes: [node('Tanh', 'x', 't'), node('Concat', 'x t', 'y', { axis: 1 })] },
      { nodes: [node('Tanh', 'x', 't'), node('Concat', 't x', 'y', { axis: 1 })] },
      { code: 'channel-order' },
    ],
    [
      'a bound moved',
      random(4, 20),
      { nodes: [node('Clip', 'x _ high', 'y')], constants: [one('high', 0.8)] },
      { nodes: [node('Clip', 'x _ high', 'y')], constants: [one('high', 1.3)] },
      { code: 'clipping-differs' },
    ],
  ];
  test.each(cases)('%s', async (_, x, right, wrong, expected) => {
    const evidence = await found(x, right, wrong);
    expect(evidence).toMatchObject(expected);
    expect(evidence?.explained).toBeGreaterThan(0.98);
  });
});

describe('recurrences', () => {
  const [steps, inputs, hidden] = [5, 3, 4];
  const x = random(steps, 2, inputs);
  const weights = (gates: number) => [
    held('w', random(1, gates * hidden, inputs)),
    held('r', random(1, gates * hidden, hidden)),
    held('b', random(1, 2 * gates * hidden)),
  ];
  const lstm = weights(4);
  const swapped = lstm.map((t) => ({
    ...t,
    rawData: exchanged(t.rawData as Uint8Array, t.name === 'b' ? 8 : 4, 1, 2, t.name === 'b'),
  }));
  const gru = weights(3);
  const net = (op: string, constants: readonly TensorInit[], more: Attributes = {}): Net => ({
    nodes: [node(op, 'x w r b', 'y', { hidden_size: hidden, ...more })],
    constants,
  });

  test('gates in another order', async () => {
    expect(await found(x, net('LSTM', lstm), net('LSTM', swapped))).toMatchObject({ code: 'gate-order', explained: 1 });
  });
  test.each<[string, Attributes]>([
    ['resetting before the product', { linear_before_reset: 1 }],
    ['backwards', { direction: 'reverse' }],
  ])('%s', async (_, more) => {
    expect(await found(x, net('GRU', gru, more), net('GRU', gru))).toMatchObject({
      code: 'recurrence-differs',
      explained: 1,
    });
  });
});

/** Blocks `a` and `b` of a tensor of `count` equal blocks exchanged; of a bias in both halves. */
function exchanged(bytes: Uint8Array, count: number, a: number, b: number, halves: boolean): Uint8Array {
  const size = bytes.length / count;
  const order = Array.from({ length: count }, (_, i) => i);
  for (const at of halves ? [0, count / 2] : [0]) [order[at + a], order[at + b]] = [at + b, at + a];
  const out = new Uint8Array(bytes.length);
  for (const [to, from] of order.entries()) out.set(bytes.subarray(from * size, (from + 1) * size), to * size);
  return out;
}

describe('what is left alone', () => {
  test('other weights are no alternative of the operator', async () => {
    const conv = (w: Tensor): Net => ({
      nodes: [node('Conv', 'x w', 'y', { pads: [1, 1, 1, 1] })],
      constants: [held('w', w)],
    });
    expect(await found(image, conv(random(3, 2, 3, 3)), conv(random(3, 2, 3, 3)))).toBeUndefined();
  });
  test('noise is no cause', async () => {
    const net = (...last: NodeInit[]): Net => ({
      nodes: [node('Tanh', 'x', 't'), ...last],
      constants: [held('n', random(1, 2, 5, 6))],
    });
    expect(await found(image, net(node('Mul', 't t', 'y')), net(node('Mul', 't n', 'y')))).toBeUndefined();
  });
  test('two axes of the same values', async () => {
    // A matrix that equals its transpose: the sum along either axis is the same, and neither explains another function.
    const symmetric = floats([3, 3], [1, 2, 3, 2, 5, 4, 3, 4, 9]);
    const net = (op: string): Net => ({
      nodes: [node(op, 'x axes', 'm', { keepdims: 0 }), node('Exp', 'm', 'y')],
      constants: [ints('axes', [1])],
    });
    const evidence = await found(symmetric, net('ReduceMean'), net('ReduceL2'));
    expect(evidence?.code).toBe('operator-differs');
  });
});
