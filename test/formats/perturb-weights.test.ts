import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { random } from '../../src/core/random.ts';
import { type Constant, constantsOf } from '../../src/formats/onnx/constants.ts';
import type { ModelProto } from '../../src/formats/onnx/onnx_pb.generated.ts';
import { perturbWeights } from '../../src/formats/onnx/perturb-weights.ts';
import { parseOnnx, writeOnnx } from '../../src/formats/onnx/read.ts';
import { flowOf } from '../../src/formats/onnx/scopes.ts';
import { numbersIn } from '../../src/formats/onnx/tensor-data.ts';
import type { PerturbStep } from '../../src/records/variant.ts';
import { errorOf, scratch } from '../tensor/helpers.ts';
import { type GraphInit, info, model, node, outside, tensor } from './build-onnx.ts';

const normals = (n: number, name: string): Float64Array => {
  const out = new Float64Array(n);
  random('test', name).fillNormal(out);
  return out;
};

function valuesOf(path: string): Map<string, ArrayLike<number>> {
  const values = ({ held }: Constant) =>
    held.kind === 'floats' ? held.attribute.floats : (numbersIn(held.tensor, path) as ArrayLike<number>);
  return new Map(constantsOf(flowOf(parseOnnx(path))).map((c) => [c.key, values(c)]));
}

function perturbed(from: ModelProto, step: PerturbStep = 'float32', seed = 1) {
  const dir = scratch();
  const [path, to] = [join(dir, 'm.onnx'), join(dir, 'moved.onnx')];
  writeOnnx(path, from);
  const result = perturbWeights(path, to, { step, seed });
  return { result, before: valuesOf(path), after: valuesOf(to), path, to, dir };
}

const changed = (a: ArrayLike<number> | undefined, b: ArrayLike<number> | undefined): number => {
  expect(a?.length).toBe(b?.length);
  return Array.from(a as ArrayLike<number>).filter((x, i) => !Object.is(x, b?.[i])).length;
};
const linear = (w: ReturnType<typeof tensor>, more: GraphInit = {}): ModelProto =>
  model({
    input: [info('x', 'float32', [1, 64])],
    output: [info('y', 'float32', [1, 64])],
    node: [node('MatMul', 'x w', 'y')],
    initializer: [w],
    ...more,
  });

test('float32 weights move by −1, 0 or +1 ulp, each as often, and by nothing else', () => {
  const { before, after, result } = perturbed(linear(tensor('w', 'float32', [64, 300], normals(19_200, 'w'))));
  const bits = (values: ArrayLike<number> | undefined) =>
    new Int32Array(Float32Array.from(values as ArrayLike<number>).buffer);
  const [old, moved] = [bits(before.get('w')), bits(after.get('w'))];
  const counts = new Map<number, number>();
  for (let i = 0; i < old.length; i++) {
    const by = (moved[i] as number) - (old[i] as number);
    counts.set(by, (counts.get(by) ?? 0) + 1);
  }
  expect([...counts.keys()].sort()).toEqual([-1, 0, 1]);
  // Standard deviation 65 of 6400.
  for (const count of counts.values()) expect(Math.abs(count - 6400)).toBeLessThan(300);
  expect(result).toEqual({ moved: 19_200 - (counts.get(0) as number), elements: 19_200, grid: 'float32' });
});

test('what moves a tensor follows from seed and name: not from its neighbours, order or storage', () => {
  const w = tensor('w', 'float32', [8, 8], normals(64, 'w'));
  const b = tensor('b', 'float32', [8, 8], normals(64, 'b'));
  const alone = perturbed(linear(w)).after.get('w');
  expect(perturbed(linear(w, { initializer: [b, w] })).after.get('w')).toEqual(alone);
  expect(perturbed(linear(w, { initializer: [w, b] })).after.get('w')).toEqual(alone);
  const listed = { name: 'w', dataType: 1, dims: [8n, 8n], floatData: Array.from(normals(64, 'w'), Math.fround) };
  expect(perturbed(linear(listed)).after.get('w')).toEqual(alone);
  expect(changed(perturbed(linear(w), 'float32', 2).after.get('w'), alone)).toBeGreaterThan(20);
  expect(perturbed(linear(w), 'float32', 1).after.get('w')).toEqual(alone);
});

test('zeros, infinities, NaN and the ends of the grid stay where they are', () => {
  const ends = [0, -0, Number.POSITIVE_INFINITY, Number.NaN, 2 ** -149, -(2 ** -149), (2 - 2 ** -23) * 2 ** 127];
  const w = Array.from({ length: 70 }, (_, i) => ends[i % ends.length] as number);
  for (const step of ['float32', 'float16', 'bfloat16', 'int8'] as const) {
    const { after } = perturbed(linear(tensor('w', 'float32', [7, 10], w)), step);
    Array.from(after.get('w') as ArrayLike<number>).forEach((value, i) => {
      const end = w[i] as number;
      if (end === 0 || !Number.isFinite(end)) expect(value).toBe(end);
      else expect(Number.isFinite(value) && (step === 'int8' || value !== 0)).toBe(true);
    });
  }
});

test('lower precisions move by up to their unit roundoff, uniformly', () => {
  for (const [step, u] of [
    ['float16', 2 ** -11],
    ['bfloat16', 2 ** -8],
  ] as const) {
    const { before, after } = perturbed(linear(tensor('w', 'float32', [64, 64], normals(4096, 'w'))), step);
    const old = before.get('w') as ArrayLike<number>;
    const relative = Array.from(after.get('w') as ArrayLike<number>, (v, i) => v / (old[i] as number) - 1);
    const largest = Math.max(...relative.map(Math.abs));
    expect(largest).toBeLessThanOrEqual(u * 1.001);
    expect(largest).toBeGreaterThan(u * 0.99);
    const mean = relative.reduce((sum, r) => sum + r, 0) / 4096;
    const square = relative.reduce((sum, r) => sum + r * r, 0) / 4096;
    expect(Math.abs(mean)).toBeLessThan(u * 0.04);
    expect(square / (u * u)).toBeCloseTo(1 / 3, 1);
  }
});

test('half-precision weights move on their own grid, whatever the step asks', () => {
  for (const dtype of ['float16', 'bfloat16'] as const) {
    const digits = dtype === 'float16' ? 10 : 7;
    for (const step of ['float32', dtype] as const) {
      const { before, after, result } = perturbed(linear(tensor('w', dtype, [16, 16], normals(256, 'h'))), step);
      const old = before.get('w') as ArrayLike<number>;
      Array.from(after.get('w') as ArrayLike<number>).forEach((value, i) => {
        const ulp = 2 ** (Math.floor(Math.log2(Math.abs(old[i] as number))) - digits);
        expect(Math.abs(value - (old[i] as number))).toBeLessThanOrEqual(ulp);
      });
      expect(result.moved).toBeGreaterThan(130);
      expect(result.moved).toBeLessThan(210);
    }
  }
});

test('doubles move by their own ulp where the model is all double, else by that of float32', () => {
  const w = tensor('w', 'float64', [16, 16], normals(256, 'd'));
  const relative = ({ before, after }: ReturnType<typeof perturbed>) =>
    Math.max(
      ...Array.from(after.get('w') as ArrayLike<number>, (v, i) => Math.abs(v / (before.get('w')?.[i] as number) - 1)),
    );
  const pure = perturbed(linear(w));
  expect(pure.result.grid).toBe('float64');
  expect(relative(pure)).toBeGreaterThan(0);
  expect(relative(pure)).toBeLessThanOrEqual(2 ** -52);
  const mixed = perturbed(linear(w, { initializer: [w, tensor('v', 'float32', [16], normals(16, 'v'))] }));
  expect(mixed.result.grid).toBe('float32');
  expect(relative(mixed)).toBeGreaterThan(2 ** -25);
  expect(relative(mixed)).toBeLessThanOrEqual(2 ** -23);
});

/** For each channel the largest move over half a step of that channel. */
function halfSteps(
  { before, after }: ReturnType<typeof perturbed>,
  channel: (i: number) => number,
  count: number,
): number[] {
  const [old, moved] = [before.get('w') as ArrayLike<number>, after.get('w') as ArrayLike<number>];
  const largest = new Float64Array(count);
  const by = new Float64Array(count);
  for (let i = 0; i < old.length; i++) {
    const c = channel(i);
    largest[c] = Math.max(largest[c] as number, Math.abs(old[i] as number));
    by[c] = Math.max(by[c] as number, Math.abs((moved[i] as number) - (old[i] as number)));
  }
  return Array.from(by, (b, c) => b / ((largest[c] as number) / 254));
}

const channelCases: Readonly<Record<string, [dims: number[], nodes: ReturnType<typeof node>[], axis: number]>> = {
  'Conv: axis 0': [[6, 4, 5, 5], [node('Conv', 'x w', 'y')], 0],
  'ConvTranspose: axis 1': [[4, 6, 5, 5], [node('ConvTranspose', 'x w', 'y')], 1],
  'Gemm: columns': [[50, 6], [node('Gemm', 'x w', 'y')], 1],
  'Gemm with transB: rows': [[6, 50], [node('Gemm', 'x w', 'y', { transB: 1 })], 0],
  'MatMul: last axis': [[60, 6], [node('MatMul', 'x w', 'y')], 1],
  'MatMul of a transposed weight: rows': [
    [6, 60],
    [node('Transpose', 'w', 't', { perm: [1, 0] }), node('MatMul', 'x t', 'y')],
    0,
  ],
  'MatMul from the left: rows': [[6, 60], [node('MatMul', 'w x', 'y')], 0],
  'Gather: rows': [[6, 60], [node('Gather', 'w x', 'y')], 0],
};
test.each(Object.entries(channelCases))('half an int8 step per output channel: %s', (_, [dims, nodes, axis]) => {
  const inner = dims.slice(axis + 1).reduce((n, d) => n * d, 1);
  const channel = (i: number) => Math.floor(i / inner) % 6;
  const total = dims.reduce((n, d) => n * d, 1);
  // Channels of very different size: a step of the whole tensor would move the small ones by many of theirs.
  const values = normals(total, 'c').map((v, i) => v * 10 ** -channel(i));
  const moved = perturbed(linear(tensor('w', 'float32', dims, values), { node: nodes }), 'int8');
  for (const ratio of halfSteps(moved, channel, 6)) {
    expect(ratio).toBeLessThanOrEqual(1.001);
    expect(ratio).toBeGreaterThan(0.9);
  }
});

test('half an int8 step of the whole tensor where nothing tells channels, of each gate row in an LSTM', () => {
  const added = perturbed(
    linear(tensor('w', 'float32', [10, 40], normals(400, 'a')), { node: [node('Add', 'x w', 'y')] }),
    'int8',
  );
  expect(halfSteps(added, () => 0, 1)[0]).toBeGreaterThan(0.97);
  const values = normals(2 * 8 * 30, 'l').map((v, i) => v * 10 ** -Math.floor(i / 30 / 4));
  const lstm = perturbed(
    linear(tensor('w', 'float32', [2, 8, 30], values), { node: [node('LSTM', 'x w r', 'y', { hidden_size: 2 })] }),
    'int8',
  );
  for (const ratio of halfSteps(lstm, (i) => Math.floor(i / 30), 16)) {
    expect(ratio).toBeLessThanOrEqual(1.001);
    expect(ratio).toBeGreaterThan(0.8);
  }
});

test('a variance stays positive under an absolute step', () => {
  const variance = Float64Array.from({ length: 64 }, (_, i) => (i === 0 ? 1 : 1e-6));
  const { after } = perturbed(
    linear(tensor('w', 'float32', [64], variance), { node: [node('BatchNormalization', 'x s b m w', 'y')] }),
    'int8',
  );
  expect(Math.min(...Array.from(after.get('w') as ArrayLike<number>))).toBeGreaterThan(0);
  expect(changed(after.get('w'), variance)).toBeGreaterThan(20);
});

test('parameters, masks, compared whole numbers and integers never move', () => {
  const n = 32;
  const scales = normals(n, 's').map(Math.abs);
  const count = Float64Array.from({ length: n }, (_, i) => i);
  const causal = Array.from({ length: n }, (_, i) => (i % 3 === 0 ? Number.NEGATIVE_INFINITY : 0));
  const { result, before, after } = perturbed(
    model({
      node: [
        node('QuantizeLinear', 'x scales zeros', 'q'),
        node('DequantizeLinear', 'w8 scales zeros', 'w'),
        node('DequantizeLinear', 'w8 reshaped zeros', 'w_'),
        node('Reshape', 'passed shape', 'reshaped'),
        node('Resize', 'x roi sizes', 'r'),
        node('QLinearAdd', 'a deep zeros b deep zeros deep zeros', 'qa'),
        node('Less', 'positions x', 'less'),
        node('Add', 'x mask', 'm'),
        node('Add', 'x far', 'f'),
        node('Mul', 'x eye', 'e'),
        node('Cast', 'table', 'int', { to: 7 }),
        node('Add', 'x weights', 'y'),
        node('Mul', 'x ones', 'o'),
      ],
      initializer: [
        tensor('scales', 'float32', [n], scales),
        tensor('passed', 'float32', [n], scales),
        tensor('deep', 'float32', [n], scales),
        tensor('roi', 'float32', [n], scales),
        tensor('sizes', 'float32', [n], scales),
        tensor('zeros', 'int8', [n], count),
        tensor('w8', 'int8', [n], count),
        tensor('positions', 'float32', [n], count),
        tensor('table', 'float32', [n], count),
        tensor('mask', 'float32', [n], causal),
        tensor(
          'far',
          'float32',
          [n],
          causal.map((v) => (v === 0 ? 0 : -1e9)),
        ),
        tensor(
          'eye',
          'float32',
          [n],
          causal.map((v) => (v === 0 ? 1 : 0)),
        ),
        tensor('small', 'float32', [15], normals(15, 'q')),
        tensor('weights', 'float32', [n], normals(n, 'y')),
        tensor(
          'ones',
          'float32',
          [n],
          count.map(() => 1),
        ),
      ],
    }),
    'int8',
  );
  const movedNames = [...before.keys()].filter((name) => changed(before.get(name), after.get(name)) > 0);
  expect(movedNames).toEqual(['weights', 'ones']);
  expect(result.elements).toBe(2 * n);
});

test('constants of subgraphs and functions move, by their own names; scales passed to a function stay', () => {
  const w = (name: string) => ({ t: tensor(name, 'float32', [16], normals(16, name)) });
  const branch = (name: string): { g: GraphInit } => ({
    g: { name, node: [node('Constant', '', 'c', { value: w('') }), node('Add', 'x c', 'o')], output: [{ name: 'o' }] },
  });
  const { before, after } = perturbed(
    model(
      {
        node: [
          node('If', 'flag', 'a', { then_branch: branch('then'), else_branch: branch('else') }),
          node('local::Scaled', 'a scale', 'b'),
          node('Constant', '', 'list', { value_floats: { floats: Array.from(normals(16, 'f')) } }),
          node('Add', 'b list', 'y'),
        ],
        initializer: [tensor('scale', 'float32', [16], normals(16, 's').map(Math.abs))],
      },
      {
        functions: [
          {
            name: 'Scaled',
            domain: 'local',
            input: ['v', 's'],
            output: ['o'],
            node: [
              node('Constant', '', 'k', { value: w('') }),
              node('QuantizeLinear', 'v s', 'q'),
              node('DequantizeLinear', 'q s', 'd'),
              node('Add', 'd k', 'o'),
            ],
          },
        ],
      },
    ),
  );
  const movedNames = [...before.keys()].filter((name) => changed(before.get(name), after.get(name)) > 0);
  expect(movedNames).toEqual(['list', 'if_a/then_branch/c', 'if_a/else_branch/c', 'local::Scaled/k']);
  expect(after.get('if_a/then_branch/c')).not.toEqual(after.get('if_a/else_branch/c'));
});

test('weights in other files: same layout, other names, moved as inside, shared bytes once, the rest as it was', () => {
  const dir = scratch();
  const values = normals(2_500_000, 'big');
  const w = tensor('w', 'float32', [2_500_000], values);
  const head = new TextEncoder().encode('head-of-the-file');
  mkdirSync(join(dir, 'sub'));
  writeFileSync(join(dir, 'sub/w.bin'), Buffer.concat([head, w.rawData as Uint8Array, head]));
  const bytes = 10_000_000;
  const path = join(dir, 'm.onnx');
  const tied = outside({ ...w, name: 'w_tied' }, 'sub/w.bin', 16, bytes, [{ key: 'checksum', value: 'x' }]);
  writeOnnx(
    path,
    linear(outside(w, 'sub/w.bin', 16, bytes), { initializer: [tied, outside(w, 'sub/w.bin', 16, bytes)] }),
  );
  const before = readFileSync(join(dir, 'sub/w.bin'));
  const to = join(dir, 'moved.onnx');
  expect(perturbWeights(path, to, { step: 'float32', seed: 1 }).elements).toBe(2_500_000);
  expect(readFileSync(join(dir, 'sub/w.bin')).equals(before)).toBe(true);
  const copy = readFileSync(join(dir, 'sub/moved.onnx.w.bin'));
  expect(copy.length).toBe(before.length);
  expect(copy.subarray(0, 16).equals(before.subarray(0, 16)) && copy.subarray(-16).equals(before.subarray(-16))).toBe(
    true,
  );
  const after = valuesOf(to);
  expect(changed(after.get('w_tied'), after.get('w'))).toBe(0);
  const inside = join(dir, 'inside.onnx');
  writeOnnx(inside, linear(w));
  perturbWeights(inside, join(dir, 'inside-moved.onnx'), { step: 'float32', seed: 1 });
  expect(changed(valuesOf(join(dir, 'inside-moved.onnx')).get('w'), after.get('w'))).toBe(0);
  expect(JSON.stringify(parseOnnx(to).graph?.initializer.map((t) => t.externalData.map((e) => e.key)))).not.toContain(
    'checksum',
  );
});

test('int8 steps reach across the pieces of a file', () => {
  const dir = scratch();
  const values = normals(3_000_000, 'p').map((v, i) => (i < 1_500_000 ? v : v / 1000));
  const w = tensor('w', 'float32', [2, 1_500_000], values);
  writeFileSync(join(dir, 'w.bin'), w.rawData as Uint8Array);
  const path = join(dir, 'm.onnx');
  writeOnnx(path, linear(outside(w, 'w.bin'), { node: [node('Gemm', 'x w', 'y', { transB: 1 })] }));
  perturbWeights(path, join(dir, 'to.onnx'), { step: 'int8', seed: 1 });
  const moved = valuesOf(join(dir, 'to.onnx')).get('w') as ArrayLike<number>;
  const largest = [0, 0];
  const by = [0, 0];
  values.forEach((v, i) => {
    const row = i < 1_500_000 ? 0 : 1;
    largest[row] = Math.max(largest[row] as number, Math.abs(v));
    by[row] = Math.max(by[row] as number, Math.abs((moved[i] as number) - v));
  });
  for (const row of [0, 1]) {
    const ratio = (by[row] as number) / ((largest[row] as number) / 254);
    expect(ratio).toBeGreaterThan(0.99);
    expect(ratio).toBeLessThan(1.001);
  }
});

test('damage and danger are named: data too short, data missing, a copy over the original', () => {
  const dir = scratch();
  const w = tensor('w', 'float32', [4, 8], normals(32, 'w'));
  const path = join(dir, 'm.onnx');
  const fail = () => errorOf(() => perturbWeights(path, join(dir, 'to.onnx'), { step: 'float32', seed: 1 }));
  writeOnnx(path, linear({ ...w, rawData: new Uint8Array(100) }));
  expect(fail()).toMatchObject({
    code: 'model-load-failed',
    message: `${path}: tensor "w" is damaged: it holds 100 bytes, its type and shape [4, 8] take 128`,
  });
  writeOnnx(path, linear(outside(w, 'w.bin')));
  expect(fail().code).toBe('file-missing');
  writeFileSync(join(dir, 'w.bin'), new Uint8Array(100));
  expect(fail()).toMatchObject({ message: expect.stringContaining('w.bin has 100 bytes of it') });
  writeOnnx(path, linear(outside(w, 'w.bin', 4, 128)));
  expect(fail()).toMatchObject({ message: expect.stringContaining('w.bin has 96 bytes of it') });
  expect(errorOf(() => perturbWeights(path, path, { step: 'float32', seed: 1 })).code).toBe('output-exists');
  expect(readFileSync(join(dir, 'w.bin')).length).toBe(100);
});
