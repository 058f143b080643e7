import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { random } from '../../src/core/random.ts';
import { halfFormatOf } from '../../src/formats/onnx/half-weights.ts';
import type { ModelProto } from '../../src/formats/onnx/onnx_pb.generated.ts';
import { lowerThan, readPrecision } from '../../src/formats/onnx/precision.ts';
import { writeOnnx } from '../../src/formats/onnx/read.ts';
import { bytesSource } from '../../src/tensor/bytes.ts';
import { fromBfloat16Bits, fromFloat16Bits, toBfloat16Bits, toFloat16Bits } from '../../src/tensor/half.ts';
import { bytesOf } from '../../src/tensor/views.ts';
import { scratch } from '../tensor/helpers.ts';
import { type GraphInit, info, model, node, tensor } from './build-onnx.ts';

const normals = (n: number, scale = 1): Float64Array => {
  const out = new Float64Array(n);
  random('precision', n).fillNormal(out);
  return out.map((v) => v * scale);
};
const float16 = (v: number) => fromFloat16Bits(toFloat16Bits(v));
const bfloat16 = (v: number) => fromBfloat16Bits(toBfloat16Bits(v));

function read(from: ModelProto) {
  const path = join(scratch(), 'm.onnx');
  writeOnnx(path, from);
  return readPrecision(path);
}
const format = (values: Float64Array | number[]) => {
  const bytes = bytesOf(Float32Array.from(values));
  return halfFormatOf(bytesSource(bytes), bytes.byteLength);
};

test('rounded weights are found, of any size and scale; weights of full precision never', () => {
  // More than a piece of a file has, too.
  for (const n of [64, 1000, 1_100_000]) {
    for (const scale of n > 1000 ? [1] : [1, 0.02, 1e-4]) {
      expect(format(normals(n, scale)), `${n} × ${scale}`).toBe(null);
      expect(format(normals(n, scale).map(float16)), `${n} × ${scale}`).toBe('float16');
      expect(format(normals(n, scale).map(bfloat16)), `${n} × ${scale}`).toBe('bfloat16');
    }
  }
  // Pruned weights and additive masks beside them change nothing.
  const pruned = normals(1000).map((v, i) => (i % 3 === 0 ? 0 : i === 1 ? Number.NEGATIVE_INFINITY : float16(v)));
  expect(format(pruned)).toBe('float16');
  const one = normals(1000).map(float16);
  one[999] = 1 / 3;
  expect(format(one)).toBe(null);
  one[999] = 70_000;
  expect(format(one)).toBe(null);
});

test('tables that are simple on purpose are no evidence', () => {
  const table = (n: number, f: (i: number) => number) => format(Float64Array.from({ length: n }, (_, i) => f(i)));
  expect(table(256, () => 1)).toBe(null);
  expect(table(256, (i) => i % 2)).toBe(null);
  expect(table(256, (i) => i)).toBe(null);
  expect(table(256, (i) => i * 8 - 1000)).toBe(null);
  expect(table(256, (i) => i / 256)).toBe(null);
  expect(table(2048, (i) => (i - 1024) / 1024)).toBe(null);
  expect(table(256, (i) => 2 ** ((i % 30) - 15))).toBe(null);
  expect(table(256, (i) => (i % 2 === 0 ? 1.5 : -3.25) * 2 ** (i % 12))).toBe(null);
  // int8 weights with a scale that is a power of two, dequantised.
  expect(table(256, (i) => (i - 128) * 2 ** -7)).toBe(null);
});

const graph = (more: GraphInit): GraphInit => ({
  input: [info('x', 'float32', [1, 32])],
  output: [info('y', 'float32', [1, 32])],
  node: [node('MatMul', 'x w', 'y')],
  ...more,
});
const weight = (values: ArrayLike<number>, dtype: 'float32' | 'float16' | 'float64' = 'float32', name = 'w') =>
  tensor(name, dtype, [32, 32], values);
const full = () => model(graph({ initializer: [weight(normals(1024))] }));

test('a plain float32 model has nothing of lower precision', () => {
  const precision = read(full());
  expect(precision).toEqual({
    weights: 'float32',
    stored: { float32: 1024 },
    halfWeights: [],
    castsDown: [],
    computeTypes: { float32: 1 },
    quantised: { operators: {}, weights: {} },
  });
  const nothing = { weights: null, halfWeights: [], castsDown: [], computeTypes: [], quantised: [] };
  expect(lowerThan(precision, precision)).toEqual(nothing);
  for (const name of ['mask-where', 'tokens', 'image']) {
    const real = readPrecision(fileURLToPath(new URL(`../../fixtures/models/roles/${name}.onnx`, import.meta.url)));
    expect(real.halfWeights).toEqual([]);
    expect(lowerThan(real, real)).toEqual(nothing);
  }
});

test('weights of half precision in float32 clothes: new in the candidate, or known from the reference', () => {
  const halves = (name = 'w') =>
    read(model(graph({ initializer: [weight(normals(1024).map(float16), 'float32', name)] })));
  const found = [{ name: 'w', format: 'float16', elements: 1024 }];
  expect(lowerThan(read(full()), halves()).halfWeights).toEqual(found);
  expect(lowerThan(halves(), halves()).halfWeights).toEqual([]);
  // Conversions rename weights, and a reference may hold them in float16 itself.
  expect(lowerThan(halves('other'), halves()).halfWeights).toEqual([]);
  const stored = read(model(graph({ initializer: [weight(normals(1024), 'float16')] })));
  expect(stored).toMatchObject({ weights: 'float16', stored: { float16: 1024 }, halfWeights: [] });
  expect(lowerThan(stored, halves()).halfWeights).toEqual([]);
  expect(lowerThan(read(full()), stored).weights).toEqual(['float32', 'float16']);
  expect(lowerThan(stored, read(full())).weights).toBe(null);
  const half = read(
    model(graph({ initializer: [weight(normals(1024).map(bfloat16)), weight(normals(1024), 'float32', 'v')] })),
  );
  expect(lowerThan(halves(), half).halfWeights.map((w) => w.format)).toEqual(['bfloat16']);
});

test('scales of quantised tensors and small constants are no weights', () => {
  const scales = tensor('s', 'float32', [128], normals(128).map(float16).map(Math.abs));
  const precision = read(
    model(
      graph({
        node: [
          node('DequantizeLinear', 'q s', 'w', { axis: 0 }),
          node('MatMul', 'x w', 'm'),
          node('Add', 'm small', 'y'),
        ],
        initializer: [
          scales,
          tensor('q', 'int8', [128, 32], Array(4096).fill(3)),
          tensor('small', 'float32', [32], normals(32).map(float16)),
        ],
      }),
    ),
  );
  expect(precision.halfWeights).toEqual([]);
  expect(precision.weights).toBe(null);
  expect(precision.quantised).toEqual({ operators: { DequantizeLinear: 1 }, weights: { int8: 4096 } });
  expect(lowerThan(read(full()), precision).quantised).toEqual(['DequantizeLinear']);
  expect(lowerThan(precision, precision).quantised).toEqual([]);
});

test('casts to half formats count when something computes with them', () => {
  const cast = (nodes: ReturnType<typeof node>[], more: GraphInit = {}) =>
    read(model(graph({ node: nodes, initializer: [weight(normals(1024))], ...more })));
  const down = cast([
    node('Cast', 'x', 'h', { to: 10 }),
    node('Cast', 'w', 'hw', { to: 10 }),
    node('Reshape', 'h shape', 'r'),
    node('MatMul', 'r hw', 'm'),
    node('Cast', 'm', 'y', { to: 1 }),
  ]);
  expect(down.castsDown).toEqual([
    { node: 'cast_h', to: 'float16', feeds: ['MatMul'] },
    { node: 'cast_hw', to: 'float16', feeds: ['MatMul'] },
  ]);
  expect(down.computeTypes).toEqual({ float16: 1 });
  const lower = lowerThan(read(full()), down);
  expect(lower.castsDown.length).toBe(2);
  expect(lower.computeTypes).toEqual(['float16']);
  expect(lowerThan(down, down)).toMatchObject({ castsDown: [], computeTypes: [] });
  // There and back again loses the digits too.
  const trip = [node('Cast', 'x', 'h', { to: 16 }), node('Cast', 'h', 'f', { to: 1 }), node('MatMul', 'f w', 'y')];
  expect(cast(trip).castsDown).toEqual([{ node: 'cast_h', to: 'bfloat16', feeds: ['MatMul'] }]);
  // An output in half precision is a matter of the contract; a mask of truth values has no digits to lose.
  expect(cast([node('MatMul', 'x w', 'm'), node('Cast', 'm', 'y', { to: 10 })]).castsDown).toEqual([]);
  const mask = [node('Greater', 'x w', 'is'), node('Cast', 'is', 'm', { to: 10 }), node('Mul', 'm half', 'y')];
  expect(cast(mask).castsDown).toEqual([]);
  expect(cast([node('Cast', 'x', 'h', { to: 10 }), node('Shape', 'h', 'y')]).castsDown).toEqual([]);
  const like = [node('CastLike', 'x like', 'h'), node('Exp', 'h', 'y')];
  expect(cast(like, { initializer: [tensor('like', 'float16', [1], [1])] }).castsDown).toEqual([
    { node: 'castlike_h', to: 'float16', feeds: ['Exp'] },
  ]);
});

test('casts inside functions and subgraphs are followed', () => {
  const inner = read(
    model(graph({ node: [node('local::Half', 'x', 'y')], initializer: [] }), {
      functions: [
        {
          name: 'Half',
          domain: 'local',
          input: ['v'],
          output: ['o'],
          node: [node('Cast', 'v', 'h', { to: 10 }), node('Exp', 'h', 'e'), node('CastLike', 'e v', 'o')],
        },
      ],
    }),
  );
  expect(inner.castsDown).toEqual([{ node: 'local::Half/cast_h', to: 'float16', feeds: ['Exp'] }]);
  expect(inner.computeTypes).toEqual({ float16: 1 });
});
