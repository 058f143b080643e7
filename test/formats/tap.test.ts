import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { parseOnnx, writeOnnx } from '../../src/formats/onnx/read.ts';
import { readOnnx } from '../../src/formats/onnx/summary.ts';
import { tapOutputs, tensorsOf } from '../../src/formats/onnx/tap.ts';
import { errorOf, scratch } from '../tensor/helpers.ts';
import { info, model, node, outside, tensor } from './build-onnx.ts';

const small = () =>
  model(
    {
      input: [info('x', 'float32', ['batch', 4]), info('ids', 'int64', [2])],
      output: [info('y', 'float32', ['batch', 4])],
      valueInfo: [info('h', 'float32', ['batch', 4])],
      initializer: [tensor('w', 'float32', [4, 4], Array(16).fill(0.5))],
      node: [
        node('MatMul', 'x w', 'h'),
        node('Constant', '', 'k', { value: { t: tensor('', 'float32', [1], [1]) } }),
        node('Cast', 'h', 'half', { to: 10 }),
        node('Exp', 'half', 'e'),
        node('Greater', 'h k', 'is'),
        node('If', 'flag', 'branch', {
          then_branch: { g: { name: 't', node: [node('Neg', 'h', 'n')], output: [{ name: 'n' }] } },
          else_branch: { g: { name: 'e', node: [node('Abs', 'h', 'a')], output: [{ name: 'a' }] } },
        }),
        node('TopK', 'h one', 'best at'),
        node('Shape', 'h', 'shape'),
        node('DynamicQuantizeLinear', 'h', 'q s z'),
        node('local::Twice', 'h', 'twice'),
        node('example::Unknown', 'h', 'u'),
        node('SequenceConstruct', 'h', 'list'),
        node('Relu', 'h', 'y'),
      ],
    },
    {
      functions: [{ name: 'Twice', domain: 'local', input: ['v'], output: ['o'], node: [node('Add', 'v v', 'o')] }],
    },
  );

test('every tensor between inputs and outputs, in graph order, with what is known of it', () => {
  expect(tensorsOf(small()).map((t) => [t.name, t.operator, t.node, t.dtype, t.shape, t.isTensor])).toEqual([
    ['h', 'MatMul', 'matmul_h', 'float32', ['batch', 4], true],
    ['half', 'Cast', 'cast_half', 'float16', null, true],
    ['e', 'Exp', 'exp_e', 'float16', null, true],
    ['is', 'Greater', 'greater_is', 'bool', null, true],
    ['branch', 'If', 'if_branch', 'float32', null, true],
    ['best', 'TopK', 'topk_best', 'float32', null, true],
    ['at', 'TopK', 'topk_best', 'int64', null, true],
    ['shape', 'Shape', 'shape_shape', 'int64', null, true],
    ['q', 'DynamicQuantizeLinear', 'dynamicquantizelinear_q', 'uint8', null, true],
    ['s', 'DynamicQuantizeLinear', 'dynamicquantizelinear_q', 'float32', null, true],
    ['z', 'DynamicQuantizeLinear', 'dynamicquantizelinear_q', 'uint8', null, true],
    ['twice', 'local::Twice', 'twice_twice', 'float32', null, true],
    ['u', 'example::Unknown', 'unknown_u', null, null, true],
    ['list', 'SequenceConstruct', 'sequenceconstruct_list', null, null, false],
  ]);
});

test('tapped tensors are outputs behind the old ones, with the types that the file has', () => {
  const dir = scratch();
  const [path, to] = [join(dir, 'm.onnx'), join(dir, 'tapped.onnx')];
  writeOnnx(path, small());
  tapOutputs(path, to, ['e', 'h']);
  expect(readOnnx(to).outputs).toEqual([
    { name: 'y', dtype: 'float32', shape: ['batch', 4] },
    { name: 'e', dtype: null, shape: null },
    { name: 'h', dtype: 'float32', shape: ['batch', 4] },
  ]);
  expect(parseOnnx(to).graph?.valueInfo).toEqual([]);
  expect(readOnnx(path).outputs.length).toBe(1);
});

test('weights in other files come along', () => {
  const dir = scratch();
  const w = tensor('w', 'float32', [4, 4], Array(16).fill(0.5));
  writeFileSync(join(dir, 'w.bin'), w.rawData as Uint8Array);
  const from = join(dir, 'm.onnx');
  const built = small();
  writeOnnx(from, model({ node: built.graph?.node ?? [], initializer: [outside(w, 'w.bin')] }));
  const to = join(dir, 'elsewhere/tapped.onnx');
  tapOutputs(from, to, ['h']);
  expect(readOnnx(to).externalData).toEqual(['tapped.onnx.w.bin']);
});

test('what cannot be tapped is refused by name', () => {
  const dir = scratch();
  const path = join(dir, 'm.onnx');
  writeOnnx(path, small());
  const refused = (...names: string[]) => errorOf(() => tapOutputs(path, join(dir, 'to.onnx'), names));
  expect(refused('y')).toMatchObject({ code: 'output-exists', message: expect.stringContaining('tensor "y"') });
  expect(refused('h', 'h').code).toBe('output-exists');
  for (const name of ['nowhere', 'n', 'x', 'w', 'k', 'list', 'o'])
    expect(refused(name)).toMatchObject({ code: 'tensor-missing', fix: expect.stringContaining('h, half, e') });
  expect(errorOf(() => tapOutputs(path, path, ['h'])).code).toBe('output-exists');
});

test('real exported files list their tensors', () => {
  const file = fileURLToPath(new URL('../../fixtures/models/roles/mask-where.onnx', import.meta.url));
  const [first] = tensorsOf(file);
  expect(first?.name).toBeTruthy();
});
