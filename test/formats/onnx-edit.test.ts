import { join } from 'node:path';
import { expect, test } from 'vitest';
import { applyEdits } from '../../src/formats/onnx/edit/apply.ts';
import { cutOut } from '../../src/formats/onnx/edit/cut.ts';
import type { ModelProto } from '../../src/formats/onnx/onnx_pb.generated.ts';
import { parseOnnx, writeOnnx } from '../../src/formats/onnx/read.ts';
import type { ModelEdit } from '../../src/records/edit.ts';
import { tensorFrom } from '../../src/tensor/build.ts';
import { errorOf, scratch } from '../tensor/helpers.ts';
import { info, model, node, tensor } from './build-onnx.ts';
import { f32, listOf, runOnnx } from './run-onnx.ts';

const opset = (version: number, irVersion = 10n) => ({
  irVersion,
  opsetImport: [{ domain: '', version: BigInt(version) }],
});

/** y = relu(x·w + b), through `h` and `s`, which a second output gives out. */
const small = (version = 21) =>
  model(
    {
      input: [info('x', 'float32', ['n', 2])],
      output: [info('y', 'float32', ['n', 2]), info('s', 'float32', ['n', 2])],
      valueInfo: [info('h', 'float32', ['n', 2])],
      initializer: [tensor('w', 'float32', [2, 2], [1, 2, 3, 4]), tensor('b', 'float32', [2], [-5, 1])],
      node: [node('MatMul', 'x w', 'h'), node('Add', 'h b', 's'), node('Relu', 's', 'y')],
    },
    opset(version),
  );
const X = new Map([['x', f32([1, 2], [1, 1])]]);

async function edited(from: ModelProto, edits: readonly ModelEdit[], feeds = X): Promise<Record<string, number[]>> {
  const dir = scratch();
  const [path, to] = [join(dir, 'm.onnx'), join(dir, 'edited.onnx')];
  writeOnnx(path, from);
  applyEdits(path, to, edits);
  const outputs = await runOnnx(to, feeds);
  return Object.fromEntries([...outputs].map(([name, value]) => [name, listOf(value)]));
}

test('as it is: h = [4, 6], s = [−1, 7], y = [0, 7]', async () => {
  expect(await edited(small(), [])).toEqual({ y: [0, 7], s: [-1, 7] });
});

const cases: readonly [string, readonly ModelEdit[], { y: number[]; s: number[] }][] = [
  ['operator', [{ edit: 'operator', node: 'relu_y', op: 'Neg' }], { y: [1, -7], s: [-1, 7] }],
  [
    'constant, from float64',
    [{ edit: 'constant', tensor: 'b', value: tensorFrom('float64', [2], [0, 0]) }],
    { y: [4, 6], s: [4, 6] },
  ],
  [
    'operand: a constant',
    [{ edit: 'operand', node: 'add_s', index: 1, value: f32([], [1]) }],
    { y: [5, 7], s: [5, 7] },
  ],
  ['operand: a tensor', [{ edit: 'operand', node: 'relu_y', index: 0, value: 'h' }], { y: [4, 6], s: [-1, 7] }],
  ['operand: a tensor made later in the file', [{ edit: 'insert', tensor: 'b', op: 'Neg' }], { y: [9, 5], s: [9, 5] }],
  ['fix between', [{ edit: 'fix', tensor: 'h', value: f32([1, 2], [5, 0]) }], { y: [0, 1], s: [0, 1] }],
  ['fix an output that goes on', [{ edit: 'fix', tensor: 's', value: f32([1, 2], [8, 9]) }], { y: [8, 9], s: [8, 9] }],
  ['fix an input', [{ edit: 'fix', tensor: 'x', value: f32([1, 2], [0, 0]) }], { y: [0, 1], s: [-5, 1] }],
  ['fix a constant', [{ edit: 'fix', tensor: 'b', value: f32([2], [0, 1]) }], { y: [4, 7], s: [4, 7] }],
  [
    'insert, output included',
    [{ edit: 'insert', tensor: 's', op: 'Mul', operands: [f32([], [2])] }],
    { y: [0, 14], s: [-2, 14] },
  ],
  [
    'insert behind an input',
    [{ edit: 'insert', tensor: 'x', op: 'Mul', operands: [f32([], [2])] }],
    { y: [3, 13], s: [3, 13] },
  ],
  ['insert-before', [{ edit: 'insert-before', node: 'relu_y', index: 0, op: 'Neg' }], { y: [1, 0], s: [-1, 7] }],
  ['bypass', [{ edit: 'bypass', node: 'add_s', index: 0 }], { y: [4, 6], s: [4, 6] }],
  ['bypass of the last', [{ edit: 'bypass', node: 'relu_y', index: 0 }], { y: [-1, 7], s: [-1, 7] }],
  [
    'one after the other',
    [
      { edit: 'bypass', node: 'relu_y', index: 0 },
      { edit: 'insert', tensor: 'y', op: 'Clip', operands: [f32([], [0]), f32([], [3])] },
    ],
    { y: [0, 3], s: [-1, 7] },
  ],
  [
    'an attribute that the opset has as an operand',
    [{ edit: 'insert', tensor: 'y', op: 'Clip', attributes: { min: 0, max: 2.5 } }],
    { y: [0, 2.5], s: [-1, 7] },
  ],
];
test.each(cases)('%s', async (_, edits, expected) => {
  expect(await edited(small(), edits)).toEqual(expected);
});

test.each([7, 10, 12])('bounds of Clip, axes and softmax in opset %i', async (version) => {
  const clip = await edited(small(version), [
    { edit: 'insert', tensor: 'y', op: 'Clip', operands: [f32([], [0]), f32([], [3])] },
  ]);
  expect(clip['y']).toEqual([0, 3]);
  const sum = await edited(small(version), [
    { edit: 'insert', tensor: 'y', op: 'ReduceSum', attributes: { axes: [1], keepdims: 1 } },
  ]);
  expect(sum['y']).toEqual([7]);
  const soft = await edited(small(version), [{ edit: 'insert', tensor: 'y', op: 'Softmax', attributes: { axis: 0 } }]);
  expect(soft['y']).toEqual([1, 1]);
});

test('attributes: set, in the kind that the schema has, removed, and as operands', async () => {
  const from = model(
    {
      input: [info('x', 'float32', [1, 2])],
      output: [info('y', 'float32', [1, 2]), info('z', 'float32', [1])],
      initializer: [tensor('axes', 'int64', [1], [1])],
      node: [node('LeakyRelu', 'x', 'y', { alpha: 0.5 }), node('ReduceSum', 'y axes', 'z', { keepdims: 0 })],
    },
    opset(17),
  );
  const feeds = new Map([['x', f32([1, 2], [-4, 1])]]);
  const alpha = (value: number | null): ModelEdit => ({ edit: 'attribute', node: 'leakyrelu_y', name: 'alpha', value });
  expect(await edited(from, [], feeds)).toEqual({ y: [-2, 1], z: [-1] });
  expect(await edited(from, [alpha(1)], feeds)).toEqual({ y: [-4, 1], z: [-3] });
  expect((await edited(from, [alpha(null)], feeds))['y']?.[0]).toBeCloseTo(-0.04);
  expect(await edited(from, [{ edit: 'attribute', node: 'reducesum_z', name: 'axes', value: [0] }], feeds)).toEqual({
    y: [-2, 1],
    z: [-2, 1],
  });
});

test('permute: an input is fed as it is declared then, an output comes out turned', async () => {
  const from = model({
    input: [info('x', 'float32', [2, 3])],
    output: [info('y', 'float32', [2, 3])],
    node: [node('Neg', 'x', 'y')],
  });
  const turned = new Map([['x', f32([3, 2], [1, 4, 2, 5, 3, 6])]]);
  expect(await edited(from, [{ edit: 'permute', tensor: 'x', permutation: [1, 0] }], turned)).toEqual({
    y: [-1, -2, -3, -4, -5, -6],
  });
  const plain = new Map([['x', f32([2, 3], [1, 2, 3, 4, 5, 6])]]);
  expect(await edited(from, [{ edit: 'permute', tensor: 'y', permutation: [1, 0] }], plain)).toEqual({
    y: [-1, -4, -2, -5, -3, -6],
  });
});

test('transplant: nodes and constants of another model, under other names where names collide', async () => {
  const dir = scratch();
  const donor = join(dir, 'donor.onnx');
  writeOnnx(
    donor,
    model({
      input: [info('in', 'float32', ['n', 2])],
      output: [info('out', 'float32', ['n', 2])],
      initializer: [tensor('b', 'float32', [2], [10, 20])],
      node: [node('Sub', 'in b', 'h'), node('Neg', 'h', 'out')],
    }),
  );
  const edit: ModelEdit = { edit: 'transplant', from: donor, outputs: { s: 'out' }, inputs: { in: 'h' } };
  expect(await edited(small(), [edit])).toEqual({ y: [6, 14], s: [6, 14] });
  // Neg and Sub are the same operators in opset 17.
  expect(await edited(small(17), [edit])).toEqual({ y: [6, 14], s: [6, 14] });
  await expect(edited(small(), [{ ...edit, inputs: {} }])).rejects.toMatchObject({
    code: 'edit-impossible',
    message: expect.stringContaining('"in"'),
  });
});

test('float32 islands: in float16 with casts, in quantised models without the quantisers around', async () => {
  const half = model({
    input: [info('x', 'float16', [1, 2])],
    output: [info('y', 'float16', [1, 2])],
    initializer: [tensor('big', 'float16', [1], [60000]), tensor('c', 'float16', [1], [0.25])],
    node: [node('Mul', 'x big', 'h'), node('Mul', 'h c', 'g'), node('Neg', 'g', 'y')],
  });
  const feeds = new Map([['x', tensorFrom('float16', [1, 2], [2, 3])]]);
  const dir = scratch();
  const [path, to] = [join(dir, 'm.onnx'), join(dir, 'island.onnx')];
  writeOnnx(path, half);
  applyEdits(path, to, [{ edit: 'float32-island', nodes: ['mul_h', 'mul_g'] }]);
  const made = parseOnnx(to).graph;
  expect(made?.node.map(({ opType }) => opType)).toEqual(['Cast', 'Mul', 'Mul', 'Cast', 'Neg']);
  expect(made?.initializer.map(({ dataType }) => dataType)).toEqual([1, 1]);
  expect(listOf((await runOnnx(to, feeds)).get('y'))).toEqual([-30000, -44992]);
  const scale = [tensor('one', 'float32', [], [1]), tensor('z', 'int8', [], [0])];
  const quantised = model({
    input: [info('x', 'float32', [1, 2])],
    output: [info('y', 'float32', [1, 2])],
    initializer: [...scale, tensor('wq', 'int8', [2, 2], [1, 0, 0, 2]), tensor('s', 'float32', [2], [0.5, 0.25])],
    node: [
      node('QuantizeLinear', 'x one z', 'xq'),
      node('DequantizeLinear', 'xq one z', 'xd'),
      node('DequantizeLinear', 'wq s', 'wd', { axis: 1 }),
      node('MatMul', 'xd wd', 'm'),
      node('QuantizeLinear', 'm one z', 'mq'),
      node('DequantizeLinear', 'mq one z', 'y'),
    ],
  });
  const q = new Map([['x', f32([1, 2], [2.4, 1.4])]]);
  expect(await edited(quantised, [], q)).toEqual({ y: [1, 0] });
  const [a, b] = (await edited(quantised, [{ edit: 'float32-island', nodes: ['matmul_m'] }], q))['y'] as [
    number,
    number,
  ];
  expect([a, b].map((v) => v.toFixed(4))).toEqual(['1.2000', '0.7000']);
});

test('what cannot be done is refused by name', async () => {
  const refused = (edit: ModelEdit, from = small()) => expect(edited(from, [edit])).rejects;
  const code = 'edit-impossible';
  const says = (text: string) => ({ code, message: expect.stringContaining(text) });
  await refused({ edit: 'bypass', node: 'nowhere', index: 0 }).toMatchObject(says('"nowhere"'));
  await refused({ edit: 'operator', node: 'relu_y', op: 'Gelu' }, small(17)).toMatchObject(says('opset 20 brought it'));
  await refused({ edit: 'operator', node: 'relu_y', op: 'Add' }).toMatchObject(says('needs 2 operands'));
  await refused({ edit: 'attribute', node: 'relu_y', name: 'alpha', value: 1 }).toMatchObject(
    says('no attribute "alpha"'),
  );
  await refused({ edit: 'constant', tensor: 'h', value: f32([1], [1]) }).toMatchObject(says('no constant'));
  await refused({ edit: 'operand', node: 'matmul_h', index: 0, value: 'y' }).toMatchObject(says('its own result'));
  await refused({ edit: 'operand', node: 'add_s', index: 2, value: 'h' }).toMatchObject(says('no operand 2'));
  await refused({ edit: 'permute', tensor: 'x', permutation: [0, 2] }).toMatchObject(says('no order of axes'));
  await refused({ edit: 'float32-island', nodes: ['relu_y'] }).toMatchObject(says('in float32 already'));
});

test('nobody reads it: gone from the file', async () => {
  const dir = scratch();
  const [path, to] = [join(dir, 'm.onnx'), join(dir, 'to.onnx')];
  writeOnnx(path, small());
  applyEdits(path, to, [{ edit: 'fix', tensor: 'h', value: f32([1, 2], [5, 0]) }]);
  const { graph } = parseOnnx(to);
  expect(graph?.node.map(({ opType }) => opType)).toEqual(['Add', 'Relu']);
  expect(graph?.initializer.map(({ name }) => name)).toEqual(['b', 'h']);
  expect(errorOf(() => applyEdits(path, path, [])).code).toBe('output-exists');
});

test('cut: a part between tensors, under their names', async () => {
  const dir = scratch();
  const [path, to] = [join(dir, 'm.onnx'), join(dir, 'cut.onnx')];
  writeOnnx(path, small());
  cutOut(path, to, { inputs: ['h'], outputs: ['s'] });
  const { graph } = parseOnnx(to);
  expect(graph?.initializer.map(({ name }) => name)).toEqual(['b']);
  expect(listOf((await runOnnx(to, new Map([['h', f32([1, 2], [1, 1])]]))).get('s'))).toEqual([-4, 2]);
  cutOut(path, to, { inputs: [], outputs: ['h'] });
  expect(parseOnnx(to).graph?.input.map(({ name }) => name)).toEqual(['x']);
  expect(errorOf(() => cutOut(path, to, { inputs: ['q'], outputs: ['s'] }))).toMatchObject({ code: 'edit-impossible' });
  expect(errorOf(() => cutOut(path, to, { inputs: ['h'], outputs: ['b'] }))).toMatchObject({ code: 'edit-impossible' });
});
