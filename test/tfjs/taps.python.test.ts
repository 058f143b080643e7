import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { faultsOf, type Looked, Tapping } from '../contracts/tapping.ts';

/** y = relu(x·w + b) fused, cut in halves; the second half is an output, and so is x itself. */
const WEIGHTS = [
  { name: 'net/dense/kernel', shape: [2, 4], dtype: 'float32', values: [1, -1, 2, 0.5, 0.25, 3, -2, 1] },
  { name: 'net/dense/bias', shape: [4], dtype: 'float32', values: [0.5, -0.5, 1, 0] },
  { name: 'axis', shape: [], dtype: 'int32', values: [1] },
];
const text = (value: string) => ({ s: Buffer.from(value).toString('base64') });
const FLOAT = { type: 'DT_FLOAT' };
const NODES = [
  // Behind what needs it: the order of a file means nothing.
  { name: 'half', op: 'Identity', input: ['net/split:1'], attr: { T: FLOAT } },
  { name: 'net/split', op: 'Split', input: ['axis', 'net/act/Relu'], attr: { T: FLOAT, num_split: { i: '2' } } },
  {
    name: 'net/act/Relu',
    op: '_FusedMatMul',
    input: ['x', 'net/dense/kernel', 'net/dense/bias', '^net/dense/kernel'],
    attr: {
      T: FLOAT,
      fused_ops: { list: { s: [text('BiasAdd').s, text('Relu').s] } },
      num_args: { i: '1' },
      transpose_a: { b: false },
      transpose_b: { b: false },
      epsilon: { f: 0 },
      _note: text('of the converter'),
    },
  },
  { name: 'x', op: 'Placeholder', attr: { dtype: FLOAT } },
  ...WEIGHTS.map(({ name, dtype }) => ({
    name,
    op: 'Const',
    attr: { dtype: { type: dtype === 'int32' ? 'DT_INT32' : 'DT_FLOAT' } },
  })),
];
const spec = (name: string, ...sizes: number[]) => ({
  name,
  dtype: 'DT_FLOAT',
  tensorShape: { dim: sizes.map((size) => ({ size: String(size) })) },
});
const MODEL = {
  format: 'graph-model',
  generatedBy: '2',
  convertedBy: null,
  signature: {
    inputs: { x: spec('x:0', -1, 2) },
    outputs: { second: spec('half:0', -1, 2), again: spec('half:0', -1, 2) },
  },
  modelTopology: { node: NODES, versions: { producer: 1 } },
  weightsManifest: [{ paths: ['w.bin'], weights: WEIGHTS.map(({ values: _, ...weight }) => weight) }],
};

let dir: string;
let tapping: Tapping;

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'onpar-tfjs-taps-'));
  tapping = new Tapping(dir);
  writeFileSync(join(dir, 'model.json'), JSON.stringify(MODEL));
  const bytes = WEIGHTS.map(({ dtype, values }) => {
    const array = dtype === 'int32' ? Int32Array.from(values) : Float32Array.from(values);
    return Buffer.from(array.buffer);
  });
  writeFileSync(join(dir, 'w.bin'), Buffer.concat(bytes));
});
afterAll(async () => {
  await tapping.close();
  rmSync(dir, { recursive: true, force: true });
});

const floats = (data: Uint8Array | undefined) => [...new Float32Array((data ?? new Uint8Array()).slice().buffer)];

it.each(['tfjs', 'tfjs-node'])('%s looks into graph models', async (runtime) => {
  const model: Looked = { toolchain: runtime, runtime, format: 'tfjs', path: 'model.json', inputs: { x: [3, 2] } };
  const { graph, taps, tapped, outputs, untapped } = await tapping.look(model);
  expect(faultsOf(graph)).toEqual([]);
  expect(graph.nodes.map(({ id, op }) => `${id} ${op}`)).toEqual([
    'net/act/Relu _FusedMatMul',
    'net/split Split',
    'half Identity',
    'output/again Identity',
  ]);
  expect(graph.nodes[0]).toMatchObject({
    inputs: ['x', 'net/dense/kernel', 'net/dense/bias'],
    attributes: { fused_ops: ['BiasAdd', 'Relu'], transpose_a: false, num_args: 1 },
    module: ['act'],
    // The layer that was fused away is known by its weights.
    origins: ['act', 'dense', 'net/act/Relu', 'net/dense/kernel', 'net/dense/bias'],
  });
  expect(graph.nodes[0]?.attributes).not.toHaveProperty('_note');
  expect(graph.nodes[1]?.outputs).toEqual(['net/split', 'net/split:1']);
  expect(tapped.missing).toEqual([]);
  expect(floats(taps.get('net/dense/bias')?.data)).toEqual([0.5, -0.5, 1, 0]);
  const rows = floats(taps.get('net/act/Relu')?.data);
  expect(rows.length).toBe(12);
  expect(floats(taps.get('net/split:1')?.data)).toEqual(rows.filter((_, i) => i % 4 > 1));
  for (const name of ['second', 'again']) {
    expect(floats(outputs.get(name)?.data)).toEqual(floats(untapped.get(name)?.data));
    expect(floats(taps.get(name)?.data)).toEqual(floats(outputs.get(name)?.data));
  }
});
