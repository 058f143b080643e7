import type { ModelProto } from '../../../src/formats/onnx/onnx_pb.generated.ts';
import { tensorFrom } from '../../../src/tensor/build.ts';
import type { NamedTensors } from '../../../src/tensor/tensor.ts';
import { info, model, type NodeInit, node, type TensorInit, tensor } from '../../formats/build-onnx.ts';
import { floats } from '../lab.ts';

/** Numbers that look like weights, the same each time: no two alike, mean about zero. */
export const numbers = (count: number, seed: number = 1): number[] =>
  Array.from({ length: count }, (_, i) => Math.fround(Math.sin(1.3 * (i + 1) * seed + 0.7 * seed)));

export interface Parts {
  readonly nodes: NodeInit[];
  readonly initializers: TensorInit[];
}

/** Puts another value in place of an initializer. */
export function hold({ initializers }: Parts, name: string, dims: readonly number[], values: readonly number[]): void {
  const at = initializers.findIndex((each) => each.name === name);
  const made = tensor(name, 'float32', dims, values);
  if (at < 0) initializers.push(made);
  else initializers[at] = made;
}

export const IMAGE: NamedTensors = new Map([['image', floats([2, 3, 6, 5], numbers(180, 3))]]);

/** Convolution, batch normalisation, leaky ReLU, average pooling: a picture of 3×6×5 becomes 4×4×3. */
export function cnn(change: (parts: Parts) => void = () => undefined): ModelProto {
  const parts: Parts = {
    nodes: [
      node('Conv', 'image weight bias', 'conv', { kernel_shape: [3, 3], pads: [1, 1, 1, 1] }),
      node('BatchNormalization', 'conv gain shift mean variance', 'norm', { epsilon: 0.001 }),
      node('LeakyRelu', 'norm', 'act', { alpha: 0.1 }),
      node('AveragePool', 'act', 'pool', { kernel_shape: [2, 2], strides: [2, 2], pads: [1, 1, 1, 1] }),
    ],
    initializers: [
      tensor('weight', 'float32', [4, 3, 3, 3], numbers(108)),
      tensor('bias', 'float32', [4], [0.3, -0.2, 0.5, 0.9]),
      tensor('gain', 'float32', [4], [1.1, 0.8, 1.3, 0.6]),
      tensor('shift', 'float32', [4], [0.1, 0.2, -0.3, 0.4]),
      tensor('mean', 'float32', [4], [0.2, -0.1, 0.3, 0.1]),
      tensor('variance', 'float32', [4], [0.5, 0.02, 1.7, 0.9]),
    ],
  };
  change(parts);
  return model({
    node: parts.nodes,
    initializer: parts.initializers,
    input: [info('image', 'float32', ['batch', 3, 6, 5])],
    output: [info('pool', 'float32', ['batch', 4, 'h', 'w'])],
  });
}

export const ROWS: NamedTensors = new Map([['row', floats([3, 8], numbers(24, 2))]]);

/** Product, GELU, residual sum, layer normalisation, product, softmax: rows of 8 become 5 probabilities. */
export function mlp(change: (parts: Parts) => void = () => undefined): ModelProto {
  const parts: Parts = {
    nodes: [
      node('Gemm', 'row first b1', 'hidden'),
      node('Gelu', 'hidden', 'gelu', { approximate: 'none' }),
      node('Add', 'gelu row', 'sum'),
      node('LayerNormalization', 'sum gain shift', 'norm', { epsilon: 0.00001 }),
      node('Gemm', 'norm second b2', 'scores'),
      node('Softmax', 'scores', 'probabilities', { axis: -1 }),
    ],
    initializers: [
      tensor('first', 'float32', [8, 8], numbers(64)),
      tensor('b1', 'float32', [8], numbers(8, 5)),
      tensor(
        'gain',
        'float32',
        [8],
        numbers(8, 7).map((v) => v + 2),
      ),
      tensor('shift', 'float32', [8], numbers(8, 11)),
      tensor('second', 'float32', [8, 5], numbers(40, 13)),
      tensor('b2', 'float32', [5], numbers(5, 17)),
    ],
  };
  change(parts);
  return model({
    node: parts.nodes,
    initializer: parts.initializers,
    input: [info('row', 'float32', ['batch', 8])],
    output: [info('probabilities', 'float32', ['batch', 5])],
  });
}

export const SIGNAL: NamedTensors = new Map([
  ['signal', floats([5, 2, 3], numbers(30, 4))],
  [
    'keep',
    tensorFrom(
      'bool',
      [5, 2, 4],
      numbers(40, 6).map((v) => (v > -0.4 ? 1 : 0)),
    ),
  ],
]);

/** An LSTM of 4 units over 5 steps, masked, then two parts of it joined in one order. */
export function recurrent(change: (parts: Parts) => void = () => undefined): ModelProto {
  const parts: Parts = {
    nodes: [
      node('LSTM', 'signal w r b', 'steps', { hidden_size: 4 }),
      node('Squeeze', 'steps one', 'hidden'),
      node('Where', 'keep hidden low', 'masked'),
      node('Softmax', 'masked', 'weights', { axis: -1 }),
      node('Sub', 'hidden weights', 'rest'),
      node('Concat', 'rest weights', 'joined', { axis: 2 }),
    ],
    initializers: [
      tensor('w', 'float32', [1, 16, 3], numbers(48, 3)),
      tensor('r', 'float32', [1, 16, 4], numbers(64, 5)),
      tensor('b', 'float32', [1, 32], numbers(32, 7)),
      tensor('one', 'int64', [1], [1]),
      tensor('low', 'float32', [], [-10000]),
    ],
  };
  change(parts);
  return model({
    node: parts.nodes,
    initializer: parts.initializers,
    input: [info('signal', 'float32', [5, 'batch', 3]), info('keep', 'bool', [5, 'batch', 4])],
    output: [info('joined', 'float32', [5, 'batch', 8])],
  });
}

/** The gates of an LSTM's weight in another order: blocks of `size` numbers. */
export const gates = (values: readonly number[], size: number, order: readonly number[]): number[] =>
  order.flatMap((at) => values.slice(at * size, (at + 1) * size));
