import { expect, it } from 'vitest';
import type { ModelProto } from '../../../src/formats/onnx/onnx_pb.generated.ts';
import { localise } from '../../../src/investigate/localize/localise.ts';
import { info, model, node, tensor } from '../../formats/build-onnx.ts';
import { scratch } from '../../scratch.ts';
import { floats, labOf } from '../lab.ts';
import { noise } from './network.ts';

/** A recurrence whose states and last state both reach an output of the model. */
const recurrent = (seed: number): ModelProto =>
  model({
    node: [
      node('GRU', 'x w r', 'all last', { hidden_size: 3 }),
      node('Squeeze', 'all directions', 'states'),
      node('Sigmoid', 'states', 'each'),
      node('Tanh', 'last', 'end'),
    ],
    initializer: [
      tensor('w', 'float32', [1, 9, 4], noise(36, seed)),
      tensor('r', 'float32', [1, 9, 3], noise(27, 2)),
      tensor('directions', 'int64', [1], [1]),
    ],
    input: [info('x', 'float32', [5, 2, 4])],
    output: [info('each', 'float32', [5, 2, 3]), info('end', 'float32', [1, 2, 3])],
  });

it('a node whose results are all wrong is one culprit, and giving it its own results explains everything', async () => {
  const inputs = new Map([['x', floats([5, 2, 4], noise(40, 9))]]);
  const lab = await labOf({ reference: recurrent(1), candidate: recurrent(7), inputs, dir: scratch() });
  const { divergences } = await localise(lab);
  expect(divergences.map(({ reference, explained }) => [reference.opType, explained])).toEqual([['GRU', 1]]);
});
