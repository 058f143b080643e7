import { describe, expect, test } from 'vitest';
import type { ModelProto } from '../../../src/formats/onnx/onnx_pb.generated.ts';
import { diagnose } from '../../../src/investigate/diagnose/diagnose.ts';
import { graphDifference } from '../../../src/investigate/diagnose/graph/graph-difference.ts';
import type { CaseFacts } from '../../../src/investigate/lab.ts';
import type { NamedTensors } from '../../../src/tensor/tensor.ts';
import { toFloat64 } from '../../../src/tensor/values.ts';
import { node, tensor } from '../../formats/build-onnx.ts';
import { scratch } from '../../scratch.ts';
import { labOf } from '../lab.ts';
import { questionOf } from '../scene.ts';
import { cnn, gates, hold, IMAGE, mlp, numbers, type Parts, ROWS, recurrent, SIGNAL } from './models.ts';

async function causeOf(
  reference: ModelProto,
  candidate: ModelProto,
  inputs: NamedTensors,
  facts: Partial<CaseFacts> = {},
) {
  const lab = await labOf({ reference, candidate, inputs, dir: scratch(), facts });
  const question = await questionOf(lab);
  return question === null ? null : diagnose(question, [graphDifference]);
}

type Row = readonly [what: string, code: string, change: (parts: Parts) => void];

const attribute = (
  parts: Parts,
  at: number,
  op: string,
  inputs: string,
  output: string,
  attributes: Record<string, never>,
) => {
  parts.nodes[at] = node(op, inputs, output, attributes);
};
const set = (at: number, op: string, inputs: string, output: string, attributes: object) => (parts: Parts) =>
  attribute(parts, at, op, inputs, output, attributes as Record<string, never>);
const weight = numbers(108);
const held = (name: string, dims: readonly number[], values: readonly number[]) => (parts: Parts) =>
  hold(parts, name, dims, values);
const swapped = weight.map((_, i) => weight[(i + 27) % 108] as number);

const CNN: readonly Row[] = [
  [
    'another epsilon',
    'epsilon-differs',
    set(1, 'BatchNormalization', 'conv gain shift mean variance', 'norm', { epsilon: 0.00001 }),
  ],
  ['another slope', 'activation-variant', set(2, 'LeakyRelu', 'norm', 'act', { alpha: 0.3 })],
  [
    'padding at the other side',
    'padding-differs',
    set(0, 'Conv', 'image weight bias', 'conv', { kernel_shape: [3, 3], pads: [0, 1, 2, 1] }),
  ],
  [
    'a dilation with padding made to fit',
    'window-differs',
    set(0, 'Conv', 'image weight bias', 'conv', { kernel_shape: [3, 3], pads: [2, 2, 2, 2], dilations: [2, 2] }),
  ],
  [
    'padding counted in the average',
    'pool-border',
    set(3, 'AveragePool', 'act', 'pool', {
      kernel_shape: [2, 2],
      strides: [2, 2],
      pads: [1, 1, 1, 1],
      count_include_pad: 1,
    }),
  ],
  [
    'a maximum for an average',
    'operator-differs',
    set(3, 'MaxPool', 'act', 'pool', { kernel_shape: [2, 2], strides: [2, 2], pads: [1, 1, 1, 1] }),
  ],
  ['no bias', 'bias-dropped', set(0, 'Conv', 'image weight', 'conv', { kernel_shape: [3, 3], pads: [1, 1, 1, 1] })],
  ['output channels in another order', 'channel-order', held('weight', [4, 3, 3, 3], swapped)],
  [
    'one channel off',
    'channel-corrupted',
    held(
      'weight',
      [4, 3, 3, 3],
      weight.map((v, i) => (i < 27 ? v * 1.01 : v)),
    ),
  ],
  [
    'weights doubled',
    'scaling-differs',
    held(
      'weight',
      [4, 3, 3, 3],
      weight.map((v) => v * 2),
    ),
  ],
  [
    'weights of float16',
    'dtype-narrowed',
    held(
      'weight',
      [4, 3, 3, 3],
      weight.map((v) => Math.round(v * 512) / 512),
    ),
  ],
  [
    'stale weights',
    'weights-differ',
    held(
      'weight',
      [4, 3, 3, 3],
      weight.map((v, i) => v + 0.01 * Math.cos(7 * i)),
    ),
  ],
  ['a deviation for a variance', 'normalisation-differs', held('variance', [4], [0.5, 0.02, 1.7, 0.9].map(Math.sqrt))],
  [
    'statistics of the batch',
    'batchnorm-training',
    set(1, 'InstanceNormalization', 'conv gain shift', 'norm', { epsilon: 0.001 }),
  ],
];

const between =
  (at: number, op: string, extra: string, attributes: object = {}) =>
  ({ nodes }: Parts): void => {
    const before = nodes[at - 1] as { output?: string[] };
    const [made] = before.output as [string];
    before.output = [`${made}_inner`];
    nodes.splice(at, 0, node(op, `${made}_inner ${extra}`, made, attributes as Record<string, never>));
  };
const put =
  (name: string, ...values: number[]) =>
  (parts: Parts): void =>
    hold(parts, name, values.length === 1 ? [] : [values.length], values);
const both =
  (...changes: ((parts: Parts) => void)[]) =>
  (parts: Parts): void => {
    for (const change of changes) change(parts);
  };

const MLP: readonly Row[] = [
  ['GELU by tanh', 'activation-variant', set(1, 'Gelu', 'hidden', 'gelu', { approximate: 'tanh' })],
  [
    'x·sigmoid(1.702x) for GELU',
    'activation-variant',
    both(
      put('k', 1.702),
      ({ nodes }) =>
        void nodes.splice(
          1,
          1,
          node('Mul', 'hidden k', 'a'),
          node('Sigmoid', 'a', 'b'),
          node('Mul', 'hidden b', 'gelu'),
        ),
    ),
  ],
  ['no GELU', 'activation-missing', ({ nodes }) => void nodes.splice(1, 2, node('Add', 'hidden row', 'sum'))],
  ['ReLU behind the product', 'activation-added', between(1, 'Relu', '')],
  ['a bound that is not there', 'clipping-differs', both(put('six', 0.5), between(2, 'Min', 'six'))],
  [
    'no residual',
    'operator-missing',
    ({ nodes }) => void nodes.splice(2, 2, node('LayerNormalization', 'gelu gain shift', 'norm', { epsilon: 0.00001 })),
  ],
  ['a temperature', 'scaling-differs', both(put('t', 1.25), between(5, 'Div', 't'))],
  ['softmax over the batch', 'axis-differs', set(5, 'Softmax', 'scores', 'probabilities', { axis: 0 })],
  ['log-softmax', 'activation-variant', set(5, 'LogSoftmax', 'scores', 'probabilities', { axis: -1 })],
  [
    'a square weight transposed',
    'layout-permuted',
    ({ nodes, initializers: _ }) => void nodes.splice(0, 1, node('Gemm', 'row first b1', 'hidden', { transB: 1 })),
  ],
  [
    'float16 on the way',
    'dtype-narrowed',
    ({ nodes }) =>
      void nodes.splice(
        4,
        1,
        node('Cast', 'norm', 'half', { to: 10 }),
        node('Cast', 'half', 'wide', { to: 1 }),
        node('Gemm', 'wide second b2', 'scores'),
      ),
  ],
  ['a difference for a sum', 'operator-differs', set(2, 'Sub', 'gelu row', 'sum', {})],
  [
    'the mean is not taken away',
    'normalisation-differs',
    both(
      put('two', 2),
      put('e', 0.00001),
      ({ nodes }) =>
        void nodes.splice(
          3,
          1,
          node('Pow', 'sum two', 'p'),
          node('ReduceMean', 'p axes', 'm', { keepdims: 1 }),
          node('Add', 'm e', 'v'),
          node('Sqrt', 'v', 'd'),
          node('Div', 'sum d', 'n'),
          node('Mul', 'n gain', 'g'),
          node('Add', 'g shift', 'norm'),
        ),
      ({ initializers }) => void initializers.push(tensor('axes', 'int64', [1], [-1])),
    ),
  ],
  [
    'rows of the batch averaged',
    'batch-mixed',
    both(
      put('zero', 0),
      ({ initializers }) => void initializers.push(tensor('axes', 'int64', [1], [0])),
      ({ nodes }) =>
        void nodes.splice(
          4,
          1,
          node('ReduceMean', 'norm axes', 'mean', { keepdims: 1 }),
          node('Mul', 'norm zero', 'none'),
          node('Add', 'none mean', 'mixed'),
          node('Gemm', 'mixed second b2', 'scores'),
        ),
    ),
  ],
];

const order = [0, 2, 3, 1];
const RECURRENT: readonly Row[] = [
  [
    'gates in another order',
    'gate-order',
    both(
      held('w', [1, 16, 3], gates(numbers(48, 3), 12, order)),
      held('r', [1, 16, 4], gates(numbers(64, 5), 16, order)),
      held('b', [1, 32], gates(numbers(32, 7), 4, [...order, ...order.map((g) => g + 4)])),
    ),
  ],
  [
    'the other direction',
    'recurrence-differs',
    set(0, 'LSTM', 'signal w r b', 'steps', { hidden_size: 4, direction: 'reverse' }),
  ],
  [
    'half of the bias lost',
    'bias-dropped',
    held(
      'b',
      [1, 32],
      numbers(32, 7).map((v, i) => (i < 16 ? v : 0)),
    ),
  ],
  ['no mask', 'mask-differs', set(3, 'Softmax', 'hidden', 'weights', { axis: -1 })],
  ['a weak mask', 'mask-differs', put('low', -1)],
  ['operands of a difference exchanged', 'operands-swapped', set(4, 'Sub', 'weights hidden', 'rest', {})],
  ['parts joined in another order', 'channel-order', set(5, 'Concat', 'weights rest', 'joined', { axis: 2 })],
];

describe('a difference of the graphs', () => {
  test.each(CNN)('%s', async (_, code, change) => {
    const found = await causeOf(cnn(), cnn(change), IMAGE);
    expect(found?.evidence[0]).toMatchObject({ code });
    expect(found?.certain).toBe(true);
  });

  test.each(MLP)('%s', async (_, code, change) => {
    const found = await causeOf(mlp(), mlp(change), ROWS);
    expect(found?.evidence[0]).toMatchObject({ code });
    expect(found?.certain).toBe(true);
  });

  test.each(RECURRENT)('%s', async (_, code, change) => {
    const found = await causeOf(recurrent(), recurrent(change), SIGNAL);
    expect(found?.evidence[0]).toMatchObject({ code });
    expect(found?.certain).toBe(true);
  });

  test('a mend makes the candidate answer as the reference', async () => {
    const [reference, candidate] = [cnn(), cnn(CNN[0]?.[2])];
    const lab = await labOf({ reference, candidate, inputs: IMAGE, dir: scratch() });
    const question = await questionOf(lab);
    if (question === null || lab.candidate === null || lab.reference === null) throw new Error('nothing differs');
    const [best] = (await diagnose(question, [graphDifference])).evidence;
    const mended = await lab.edit(lab.candidate, best?.mend ?? [], 'mended');
    const [theirs, ours] = [
      await lab.run(mended, { sample: 'sample' }),
      await lab.run(lab.reference, { sample: 'sample' }),
    ];
    if (!theirs.ok || !ours.ok) throw new Error('it does not run');
    const [a, b] = [theirs.outputs.get('pool'), ours.outputs.get('pool')];
    if (a === undefined || b === undefined) throw new Error('no output');
    expect(toFloat64(a)).toEqual(toFloat64(b));
  });

  test('of two differences the one that counts is named', async () => {
    const candidate = cnn((parts) => {
      held('weight', [4, 3, 3, 3], swapped)(parts);
      // The name of a node, and an attribute that says what its absence says.
      parts.nodes[0] = node('Conv', 'image weight bias', 'conv', {
        kernel_shape: [3, 3],
        pads: [1, 1, 1, 1],
        strides: [1, 1],
      });
    });
    const found = await causeOf(cnn(), candidate, IMAGE);
    expect(found?.evidence[0]?.code).toBe('channel-order');
    expect(found?.evidence[0]?.mend).toHaveLength(1);
  });

  test('another way to write the same is no difference', async () => {
    const exchanged = mlp(set(2, 'Add', 'row gelu', 'sum', {}));
    expect(await causeOf(mlp(), exchanged, ROWS)).toBeNull();
  });

  test('a piece that is mended by replacing it, without a reason that is known, stays unexplained', async () => {
    const odd = mlp(({ nodes, initializers }) => {
      initializers.push(tensor('axis', 'int64', [1], [-1]));
      nodes.splice(
        5,
        1,
        node('Exp', 'scores', 'e'),
        node('ReduceMax', 'e axis', 'm', { keepdims: 1 }),
        node('Div', 'e m', 'probabilities'),
      );
    });
    const found = await causeOf(mlp(), odd, ROWS);
    expect(found?.evidence).toEqual([]);
    expect(found?.tried).toBeGreaterThan(0);
  });

  test('a grid as good as its bits allow is no fault of a candidate declared int8', async () => {
    const quantised = (step: number) =>
      mlp((parts) => {
        const values = numbers(40, 13).map((v) => Math.max(-127, Math.min(127, Math.round(v / step))));
        parts.initializers.push(tensor('stored', 'int8', [8, 5], values), tensor('step', 'float32', [], [step]));
        parts.nodes.splice(
          4,
          1,
          node('DequantizeLinear', 'stored step', 'second_'),
          node('Gemm', 'norm second_ b2', 'scores'),
        );
      });
    const declared = { declared: 'int8' as const };
    expect((await causeOf(mlp(), quantised(1 / 127), ROWS, declared))?.evidence).toEqual([]);
    expect((await causeOf(mlp(), quantised(0.4 / 127), ROWS, declared))?.evidence[0]?.code).toBe('saturation');
    expect((await causeOf(mlp(), quantised(16 / 127), ROWS, declared))?.evidence[0]?.code).toBe('quantisation-coarse');
  });
});
