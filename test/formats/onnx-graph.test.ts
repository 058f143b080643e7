import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { constantsOf } from '../../src/formats/onnx/graph/constants-of.ts';
import { graphOf } from '../../src/formats/onnx/graph/graph-of.ts';
import { lastUserFrame, originOf } from '../../src/formats/onnx/graph/origins.ts';
import { writeOnnx } from '../../src/formats/onnx/read.ts';
import { opGraph } from '../../src/records/graph.ts';
import { scratch } from '../tensor/helpers.ts';
import { info, model, node, outside, tensor } from './build-onnx.ts';
import { listOf } from './run-onnx.ts';

type Node = Parameters<typeof originOf>[0];
const from = (fields: Partial<Node>): Node =>
  ({ name: '', output: [], docString: '', metadataProps: [], ...fields }) as unknown as Node;

test('nodes in an order of computation, constants folded away, types, what can be tapped', () => {
  const graph = graphOf(
    model({
      input: [info('x', 'float32', ['n', 4]), info('flag', 'bool', [])],
      output: [info('y', 'float32', ['n', 4])],
      initializer: [tensor('w', 'float32', [4, 4], Array(16).fill(1))],
      node: [
        node('Constant', '', 'k', { value: { t: tensor('', 'float32', [1], [2]) } }),
        node('Mul', 'h k', 'm'),
        node('MatMul', 'x w', 'h'),
        node('If', 'flag', 'branch', {
          then_branch: { g: { name: 't', node: [node('Neg', 'm', 'a')], output: [{ name: 'a' }] } },
          else_branch: { g: { name: 'e', node: [node('Abs', 'h', 'b')], output: [{ name: 'b' }] } },
        }),
        node('LeakyRelu', 'branch', 'y', { alpha: 0.01 }),
      ],
    }),
  );
  expect(opGraph.parse(graph)).toEqual(graph);
  expect(graph.nodes.map(({ id, op, inputs, outputs }) => [id, op, inputs, outputs])).toEqual([
    ['matmul_h', 'MatMul', ['x', 'w'], ['h']],
    ['mul_m', 'Mul', ['h', 'k'], ['m']],
    ['if_branch', 'If', ['flag', 'm', 'h'], ['branch']],
    ['leakyrelu_y', 'LeakyRelu', ['branch'], ['y']],
  ]);
  expect(graph.nodes[3]?.attributes).toEqual({ alpha: 0.01 });
  expect(graph.tensors['w']).toEqual({ dtype: 'float32', shape: [4, 4], constant: true, tappable: false });
  expect(graph.tensors['k']).toMatchObject({ dtype: 'float32', constant: true, tappable: false });
  expect(graph.tensors['h']).toEqual({ dtype: 'float32', shape: null, tappable: true });
  expect(graph.tensors['x']).toEqual({ dtype: 'float32', shape: ['n', 4], tappable: false });
});

test('ids are unique, whatever the file calls its nodes', () => {
  const same = (output: string) => ({ ...node('Neg', 'x', output), name: 'same' });
  const graph = graphOf(
    model({
      node: [same('a'), same('b'), { ...node('Neg', 'x', 'c'), name: '' }, { ...node('Neg', 'x', 'd'), name: 'c' }],
    }),
  );
  expect(graph.nodes.map(({ id }) => id)).toEqual(['same:a', 'same:b', 'c', 'c_2']);
});

test('origins: PyTorch tells the layer, the fx node and the line', () => {
  const stack = [
    'File "/home/me/net.py", line 72, in forward',
    '    return self.head(self.layers(row))',
    '  File "/env/lib/python3.11/site-packages/torch/nn/modules/linear.py", line 134, in forward',
    '    return F.linear(input, self.weight, self.bias)',
  ].join('\n');
  const metadataProps = Object.entries({
    namespace:
      ': net.Net/layers: torch.nn.modules.container.Sequential/layers.0: torch.nn.modules.linear.Linear/linear: aten.linear.default',
    'pkg.torch.onnx.fx_node':
      '%linear : [num_users=1] = call_function[target=torch.ops.aten.linear.default](args = (%row,), kwargs = {})',
    'pkg.torch.onnx.name_scopes': "['', 'layers', 'layers.0', 'linear']",
    'pkg.torch.onnx.stack_trace': stack,
  }).map(([key, value]) => ({ key, value }));
  const expected = {
    module: ['layers', '0'],
    origins: ['linear', 'val_4', 'node_linear'],
    source: { file: '/home/me/net.py', line: 72, text: 'return self.head(self.layers(row))' },
  };
  const told = (props: typeof metadataProps) =>
    originOf(from({ name: 'node_linear', output: ['val_4'], metadataProps: props as Node['metadataProps'] }));
  expect(told(metadataProps)).toEqual(expected);
  expect(told(metadataProps.filter(({ key }) => !key.endsWith('name_scopes')))).toEqual(expected);
});

test('origins: scopes in names, of PyTorch’s older exporter, of tf2onnx and of skl2onnx', () => {
  expect(
    originOf(
      from({
        name: '/layers/layers.0/Gemm',
        output: ['/layers/layers.0/Gemm_output_0'],
        docString: '/home/me/net.py(12): forward\n/env/site-packages/torch/nn/modules/module.py(1): _call\n',
      }),
    ),
  ).toEqual({
    module: ['layers', '0'],
    origins: ['layers.0', 'layers/layers.0/Gemm'],
    source: { file: '/home/me/net.py', line: 12 },
  });
  expect(originOf(from({ name: 'StatefulPartitionedCall/model/conv1/Conv2D__12', output: ['q:0'] }))).toEqual({
    module: ['model', 'conv1'],
    origins: ['model/conv1', 'model/conv1/Conv2D', 'conv1'],
    source: null,
  });
  expect(originOf(from({ name: 'Scaler', output: ['variable'] }))).toEqual({
    module: [],
    origins: ['Scaler', 'variable'],
    source: null,
  });
  expect(lastUserFrame('')).toBeNull();
});

test('constants by name: large ones and those in other files stay where they are', () => {
  const dir = scratch();
  const path = join(dir, 'm.onnx');
  const values = Float64Array.from({ length: 300_000 }, (_, i) => i);
  const far = tensor('far', 'float32', [300_000], values);
  writeFileSync(join(dir, 'w.bin'), far.rawData as Uint8Array);
  writeOnnx(
    path,
    model({
      initializer: [
        tensor('near', 'float32', [2], [1, 2]),
        tensor('big', 'float32', [300_000], values),
        outside(far, 'w.bin'),
      ],
      node: [node('Constant', '', 'k', { value_floats: { floats: [3, 4] } })],
    }),
  );
  const found = constantsOf(path);
  expect([...found.keys()]).toEqual(['near', 'big', 'far', 'k']);
  expect(listOf(found.get('k'))).toEqual([3, 4]);
  for (const name of ['big', 'far']) {
    expect(found.get(name)?.place?.path).toBe(name === 'big' ? path : join(dir, 'w.bin'));
    expect(listOf(found.get(name))).toEqual(Array.from(values));
  }
});
