import { expect, test } from 'vitest';
// @ts-expect-error benches are plain JavaScript without declarations
import { localised } from '../../bench/faults/localised.js';

const layers = (...at: string[]) => ({ at, lines: [], ops: [] });
const node = (id: string, module: string[] = [], source: unknown = null) => ({
  node: id,
  opType: 'aten.mul.Tensor',
  tensor: id,
  module,
  source,
});

test('an ONNX node is right by its name or by a tensor that it makes, and one node away at its neighbours', () => {
  const place = { at: ['conv_3', 'logits'], near: ['relu_2'] };
  expect(localised({ ...node('n17'), tensor: 'logits' }, place, [])).toBe('exact');
  expect(localised(node('relu_2'), place, [])).toBe('near');
  expect(localised(node('conv_30'), place, [])).toBe('elsewhere');
  expect(localised(null, place, [])).toBe('none');
});

test('a layer is named by whole words of its path', () => {
  expect(localised(node('layer_norm_4', ['deep', 'norms.4']), layers('norms.41'), [])).toBe('elsewhere');
  expect(localised(node('layer_norm_41', ['deep', 'norms.41']), layers('norms.41'), [])).toBe('exact');
  expect(localised(node('mixer/query/add'), layers('mixer'), [])).toBe('exact');
});

test('code outside any layer is right by its line or its operator, and its neighbour is one node away', () => {
  const place = { at: [], lines: ['* self.scale'], ops: ['aten.div'] };
  const source = { file: 'model.py', line: 3, text: 'scores = q @ k * self.scale' };
  expect(localised(node('mul', [], source), place, [])).toBe('exact');
  expect(localised(node('mul'), place, [])).toBe('elsewhere');
  const tracked = [
    { node: 'mul', opType: 'aten.mul.Tensor' },
    { node: 'div', opType: 'aten.div.Tensor' },
  ];
  expect(localised(node('mul'), place, tracked)).toBe('near');
});
