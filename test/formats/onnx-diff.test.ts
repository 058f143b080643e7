import { join } from 'node:path';
import { expect, test } from 'vitest';
import { applyEdits } from '../../src/formats/onnx/edit/apply.ts';
import { randomiseWeights } from '../../src/formats/onnx/edit/randomise-weights.ts';
import { cutPoints, removableNodes, smallerSizes } from '../../src/formats/onnx/edit/reductions.ts';
import { constantsOf } from '../../src/formats/onnx/graph/constants-of.ts';
import { graphDiff } from '../../src/formats/onnx/graph/diff.ts';
import { diffText } from '../../src/formats/onnx/graph/diff-text.ts';
import { graphOf } from '../../src/formats/onnx/graph/graph-of.ts';
import { writeOnnx } from '../../src/formats/onnx/read.ts';
import type { ModelEdit } from '../../src/records/edit.ts';
import { scratch } from '../tensor/helpers.ts';
import { info, model, node, tensor } from './build-onnx.ts';
import { f32, listOf, runOnnx } from './run-onnx.ts';

const net = () =>
  model({
    input: [info('x', 'float32', ['n', 4])],
    output: [info('y', 'float32', ['n', 4])],
    valueInfo: [info('h', 'float32', ['n', 4]), info('a', 'float32', ['n', 4]), info('s', 'float32', ['n', 1])],
    initializer: [
      tensor(
        'w',
        'float32',
        [4, 4],
        Array.from({ length: 16 }, (_, i) => Math.sin(i)),
      ),
      tensor(
        'v',
        'float32',
        [16],
        Array.from({ length: 16 }, (_, i) => i + 0.5),
      ),
      tensor(
        'mask',
        'float32',
        [16],
        Array.from({ length: 16 }, (_, i) => i % 2),
      ),
      tensor('axes', 'int64', [1], [1]),
    ],
    node: [
      node('MatMul', 'x w', 'h'),
      node('LeakyRelu', 'h', 'a', { alpha: 0.5 }),
      node('ReduceSum', 'a axes', 's'),
      node('Add', 'a s', 'y'),
    ],
  });

function diffAfter(edits: readonly ModelEdit[]): string {
  const dir = scratch();
  const [path, to] = [join(dir, 'm.onnx'), join(dir, 'to.onnx')];
  writeOnnx(path, net());
  applyEdits(path, to, edits);
  // The tidied original, so that constants that nobody reads are no difference.
  applyEdits(path, path.replace('m.onnx', 'tidy.onnx'), []);
  const tidy = path.replace('m.onnx', 'tidy.onnx');
  return diffText(graphDiff(graphOf(tidy), constantsOf(tidy), graphOf(to), constantsOf(to)));
}

test('a diff tells attributes, constants, nodes and operands; nothing where nothing changed', () => {
  expect(diffAfter([])).toBe('');
  expect(
    diffAfter([
      { edit: 'attribute', node: 'leakyrelu_a', name: 'alpha', value: 0.01 },
      {
        edit: 'constant',
        tensor: 'w',
        value: f32(
          [4, 4],
          Array.from({ length: 16 }, (_, i) => Math.sin(i) + (i === 3 ? 0.5 : 0)),
        ),
      },
      { edit: 'insert', tensor: 'y', op: 'Softmax', attributes: { axis: -1 } },
      { edit: 'operand', node: 'reducesum_s', index: 0, value: 'h' },
    ]),
  ).toBe(`@@ node leakyrelu_a
  LeakyRelu
- alpha = 0.5
+ alpha = 0.01
@@ node reducesum_s
  ReduceSum
- operand 0: a
+ operand 0: h
@@ node y__Softmax
+ y = Softmax(y__before, axis=-1)
@@ constant w
  float32[4, 4]: 1 element changed, by up to 0.5
`);
});

test('a node that is gone stands in the diff, and so does what reads past it', () => {
  expect(diffAfter([{ edit: 'bypass', node: 'leakyrelu_a', index: 0 }])).toBe(`@@ node leakyrelu_a
- a = LeakyRelu(h, alpha=0.5)
@@ node reducesum_s
  ReduceSum
- operand 0: a
+ operand 0: h
@@ node add_y
  Add
- operand 0: a
+ operand 0: h
`);
});

test('nodes under other names are the same nodes', () => {
  const renamed = net();
  for (const each of renamed.graph?.node ?? []) {
    each.name = '';
    each.input = each.input.map((name) => (/^[has]$/.test(name) ? `${name}_2` : name));
    each.output = each.output.map((name) => (/^[has]$/.test(name) ? `${name}_2` : name));
  }
  expect(graphDiff(graphOf(net()), new Map(), graphOf(renamed), new Map()).nodes).toEqual([]);
});

test('random weights: mean, root mean square and sign stay, masks and integers too; the seed decides', async () => {
  const dir = scratch();
  const [path, to, again, other] = ['m', 'to', 'again', 'other'].map((name) => join(dir, `${name}.onnx`)) as [
    string,
    string,
    string,
    string,
  ];
  writeOnnx(path, net());
  expect(randomiseWeights(path, to, 1)).toBe(2);
  randomiseWeights(path, again, 1);
  randomiseWeights(path, other, 2);
  const [before, after] = [constantsOf(path), constantsOf(to)];
  const moments = (values: number[]) => [1, 2].map((p) => values.reduce((sum, x) => sum + x ** p, 0) / values.length);
  const [w, v] = ['w', 'v'].map((name) => [listOf(before.get(name)), listOf(after.get(name))] as const) as [
    readonly [number[], number[]],
    readonly [number[], number[]],
  ];
  expect(w[1]).not.toEqual(w[0]);
  for (const [i, moment] of moments(w[0]).entries()) expect(moments(w[1])[i]).toBeCloseTo(moment, 5);
  expect(moments(v[1])[0]).toBeCloseTo(moments(v[0])[0] as number, 4);
  expect(Math.min(...v[1])).toBeGreaterThan(0);
  for (const name of ['mask', 'axes']) expect(listOf(after.get(name))).toEqual(listOf(before.get(name)));
  expect(listOf(constantsOf(again).get('w'))).toEqual(w[1]);
  expect(listOf(constantsOf(other).get('w'))).not.toEqual(w[1]);
  expect((await runOnnx(to, new Map([['x', f32([1, 4], [1, 2, 3, 4])]]))).has('y')).toBe(true);
});

test('reductions: nodes that can go, where the model can be cut, smaller sizes', () => {
  const graph = graphOf(net());
  expect(removableNodes(graph).map(({ edit }) => [edit.node, edit.index])).toEqual([
    ['add_y', 0],
    ['leakyrelu_a', 0],
    ['matmul_h', 0],
  ]);
  expect(cutPoints(graph)).toEqual([
    { tensor: 'h', before: 1, behind: 3 },
    { tensor: 'a', before: 2, behind: 2 },
    { tensor: 's', before: 3, behind: 1 },
    { tensor: 'y', before: 4, behind: 0 },
  ]);
  expect(smallerSizes(graph, { x: [5, 4] })).toEqual([{ x: [1, 4] }, { x: [2, 4] }, { x: [4, 4] }]);
});
