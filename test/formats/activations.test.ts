import { join } from 'node:path';
import { expect, test } from 'vitest';
import { activationsOf } from '../../src/formats/onnx/activations.ts';
import { readOnnx } from '../../src/formats/onnx/summary.ts';
import { tapOutputs, tensorsOf } from '../../src/formats/onnx/tap.ts';
import { writeTinyOnnx } from '../e2e/tiny-onnx.ts';
import { scratch } from '../scratch.ts';

const file = (): string => {
  const path = join(scratch(), 'model.onnx');
  writeTinyOnnx(path, {
    inputs: { x: ['batch', 2, 4] },
    weights: {
      kernel: { dims: [2, 2, 1], values: [1, 0, 0, 1] },
      zero: { dims: [], values: [0] },
      six: { dims: [], values: [6] },
    },
    nodes: [
      { opType: 'Conv', input: ['x', 'kernel'], output: ['conv'] },
      { opType: 'Clip', input: ['conv', 'zero', 'six'], output: ['relu6'], name: 'first' },
      { opType: 'Clip', input: ['x', 'zero', 'six'], output: ['unknown'] },
      { opType: 'Tanh', input: ['unknown'], output: ['tanh'] },
      { opType: 'Add', input: ['relu6', 'tanh'], output: ['sum'] },
      { opType: 'Softmax', input: ['sum'], output: ['share'] },
      { opType: 'Sigmoid', input: ['sum'], output: ['y'] },
    ],
    outputs: { y: ['batch', 2, 4] },
  });
  return path;
};

test('activations are found with their flat ends, and channels where the graph puts them', () => {
  expect(activationsOf(file())).toEqual([
    {
      tensor: 'relu6',
      node: 'first',
      operator: 'Clip',
      isOutput: false,
      rectifies: true,
      flatBelow: null,
      flatAbove: 6,
      channelAxis: 1,
    },
    {
      tensor: 'unknown',
      node: 'unknown',
      operator: 'Clip',
      isOutput: false,
      rectifies: true,
      flatBelow: null,
      flatAbove: 6,
      channelAxis: -1,
    },
    {
      tensor: 'tanh',
      node: 'tanh',
      operator: 'Tanh',
      isOutput: false,
      rectifies: false,
      flatBelow: 1e-6 - 1,
      flatAbove: 1 - 1e-6,
      channelAxis: -1,
    },
    {
      tensor: 'share',
      node: 'share',
      operator: 'Softmax',
      isOutput: false,
      rectifies: false,
      flatBelow: null,
      flatAbove: 1 - 1e-6,
      channelAxis: 1,
    },
    {
      tensor: 'y',
      node: 'y',
      operator: 'Sigmoid',
      isOutput: true,
      rectifies: false,
      flatBelow: 1e-6,
      flatAbove: 1 - 1e-6,
      channelAxis: 1,
    },
  ]);
});

test('a tapped copy gives out what was asked for, behind its own outputs', () => {
  const path = file();
  expect(tensorsOf(path).map(({ name }) => name)).toEqual(['conv', 'relu6', 'unknown', 'tanh', 'sum', 'share']);
  const copy = `${path}.tapped`;
  tapOutputs(path, copy, ['tanh', 'relu6']);
  expect(readOnnx(copy).outputs.map(({ name }) => name)).toEqual(['y', 'tanh', 'relu6']);
  expect(() => tapOutputs(path, copy, ['nothing'])).toThrow(expect.objectContaining({ code: 'tensor-missing' }));
});
