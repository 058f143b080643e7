import { join } from 'node:path';
import { expect, test } from 'vitest';
import { random } from '../../src/core/random.ts';
import type { ModelProto } from '../../src/formats/onnx/onnx_pb.generated.ts';
import { calibratedInputs, readQuantisation } from '../../src/formats/onnx/quantisation.ts';
import { quantisationFindings } from '../../src/formats/onnx/quantisation-findings.ts';
import { writeOnnx } from '../../src/formats/onnx/read.ts';
import { scratch } from '../tensor/helpers.ts';
import { type GraphInit, info, model, node, tensor } from './build-onnx.ts';

const normals = (n: number, name = 'q'): Float64Array => {
  const out = new Float64Array(n);
  random(name, n).fillNormal(out);
  return out;
};
function saved(from: ModelProto): string {
  const path = join(scratch(), 'm.onnx');
  writeOnnx(path, from);
  return path;
}
const number = (name: string, dtype: 'float32' | 'int8' | 'uint8' | 'int32', ...values: number[]) =>
  tensor(name, dtype, values.length === 1 ? [] : [values.length], values);

const ROWS = 8;
const COLUMNS = 64;
/** Rows of rather different size, so that each has a scale of its own. */
const real = normals(ROWS * COLUMNS).map((v, i) => Math.fround(v * (1 + (Math.floor(i / COLUMNS) % 3))));
const rowPeak = (values: ArrayLike<number>, row: number): number =>
  Math.max(...Array.from({ length: COLUMNS }, (_, i) => Math.abs(values[row * COLUMNS + i] as number)));

interface Change {
  readonly values?: Float64Array;
  /** By row. */
  readonly scale?: (scale: number, row: number) => number;
  readonly zero?: number;
  readonly integer?: (q: number, row: number) => number;
  readonly perTensor?: boolean;
}

/** A Conv whose int8 weight is quantised per channel as it should be, but for what is changed. */
function conv({ values = real, scale = (s) => s, zero = 0, integer = (q) => q, perTensor = false }: Change = {}) {
  const peaks = Array.from({ length: ROWS }, (_, row) => rowPeak(values, row));
  const right = peaks.map((p) => Math.fround((perTensor ? Math.max(...peaks) : p) / 127));
  const used = right.map((s, row) => Math.fround(scale(s, row)));
  const q = values.map((v, i) => {
    const row = Math.floor(i / COLUMNS);
    const rounded = Math.round(v / (used[row] as number));
    return Math.min(Math.max(integer(Number.isFinite(rounded) ? rounded : 0, row), -127), 127) + zero;
  });
  return saved(
    model({
      input: [info('x', 'float32', [1, 4, 9, 9])],
      node: [
        node('QuantizeLinear', 'x sx zx', 'xq'),
        node('DequantizeLinear', 'xq sx zx', 'xd'),
        node('DequantizeLinear', 'w_quantized sw zw', 'w_dq', { axis: 0 }),
        node('Conv', 'xd w_dq', 'y'),
      ],
      initializer: [
        number('sx', 'float32', 0.5),
        number('zx', 'uint8', 10),
        tensor('w_quantized', 'int8', [ROWS, 4, 4, 4], q),
        perTensor ? number('sw', 'float32', used[0] as number) : number('sw', 'float32', ...used),
        perTensor ? number('zw', 'int8', zero) : number('zw', 'int8', ...used.map(() => zero)),
      ],
    }),
  );
}
const floatConv = (nodes = [node('Conv', 'x w', 'y')], name = 'w', values = real): string =>
  saved(model({ node: nodes, initializer: [tensor(name, 'float32', [ROWS, 4, 4, 4], values)] }));

const codes = (path: string, against?: string): string[] =>
  quantisationFindings(path, against).map((f) => `${f.code}${f.channels.length > 0 ? ` ${f.channels}` : ''}`);

test('scales, zero points, axes, types and ranges of activations and weights', () => {
  const all = readQuantisation(conv());
  expect(all.map(({ tensor: name, role, dtype, axis, operator }) => [name, role, dtype, axis, operator])).toEqual([
    ['x', 'activation', 'uint8', null, 'QuantizeLinear'],
    ['xq', 'activation', 'uint8', null, 'DequantizeLinear'],
    ['w_quantized', 'weight', 'int8', 0, 'DequantizeLinear'],
  ]);
  expect(all[0]).toMatchObject({ scales: [0.5], zeroPoints: [10], range: [-5, 122.5] });
  expect(all[2]?.scales?.length).toBe(ROWS);
  expect(all[2]?.zeroPoints).toEqual(Array(ROWS).fill(0));
});

test('QLinear operators, types without a zero point, computed scales', () => {
  const all = readQuantisation(
    saved(
      model({
        node: [
          node('QLinearConv', 'a sa za w sw zw so zo', 'y'),
          node('com.microsoft::QLinearAdd', 'y so zo y so zo sa za', 'z'),
          node('QuantizeLinear', 'f sa', 'plain'),
          node('QuantizeLinear', 'f sa', 'sixteen', { output_dtype: 5 }),
          node('DequantizeLinear', 'plain computed', 'd'),
        ],
        initializer: [
          ...['sa', 'so'].map((name) => number(name, 'float32', 0.25)),
          ...['za', 'zo'].map((name) => number(name, 'uint8', 128)),
          tensor('w', 'int8', [2, 1, 1, 1], [3, 4]),
          number('sw', 'float32', 0.5, 2),
          number('zw', 'int8', 0, 0),
        ],
      }),
    ),
  );
  expect(all.map((q) => [q.tensor, q.role, q.dtype, q.axis, q.range])).toEqual([
    ['a', 'activation', 'uint8', null, [-32, 31.75]],
    ['w', 'weight', 'int8', 0, [-256, 254]],
    ['y', 'activation', 'uint8', null, [-32, 31.75]],
    ['y', 'activation', 'uint8', null, [-32, 31.75]],
    ['y', 'activation', 'uint8', null, [-32, 31.75]],
    ['z', 'activation', 'uint8', null, [-32, 31.75]],
    ['f', 'activation', 'uint8', null, [0, 63.75]],
    ['f', 'activation', 'int16', null, [-8192, 8191.75]],
    ['plain', 'activation', null, null, null],
  ]);
});

test('an input’s calibrated range, through what leaves its values alone; several quantisers agree on the smaller', () => {
  const scales = [number('s', 'float32', 0.5), number('t', 'float32', 0.25), number('z', 'uint8', 128)];
  const of = (nodes: GraphInit['node']) =>
    calibratedInputs(
      saved(
        model({
          input: [info('x', 'float32', [1, 4]), info('other', 'float32', [1, 4])],
          node: nodes ?? [],
          initializer: scales,
        }),
      ),
    );
  expect(of([node('QuantizeLinear', 'x s z', 'q')])).toEqual([{ input: 'x', range: [-64, 63.5] }]);
  expect(of([node('Transpose', 'x', 't1'), node('Identity', 't1', 'i'), node('QuantizeLinear', 'i s z', 'q')])).toEqual(
    [{ input: 'x', range: [-64, 63.5] }],
  );
  expect(of([node('QuantizeLinear', 'x s z', 'q'), node('QuantizeLinear', 'x t z', 'p')])).toEqual([
    { input: 'x', range: [-32, 31.75] },
  ]);
  expect(of([node('Relu', 'x', 'r'), node('QuantizeLinear', 'r s z', 'q')])).toEqual([]);
  expect(of([node('DynamicQuantizeLinear', 'x', 'q s2 z2'), node('QuantizeLinear', 'x s2 z2', 'p')])).toEqual([]);
});

test('weights quantised as they should be have no findings, with or without the float model', () => {
  expect(codes(conv())).toEqual([]);
  expect(codes(conv({ perTensor: true }))).toEqual([]);
  expect(codes(conv(), floatConv())).toEqual([]);
  expect(codes(conv({ perTensor: true }), floatConv())).toEqual([]);
  // Binary and ternary weights lie on the ends; pruned channels are zero on both sides.
  const ternary = real.map((v) => (Math.abs(v) < 0.5 ? 0 : Math.sign(v)));
  expect(codes(conv({ values: ternary }), floatConv(undefined, 'w', ternary))).toEqual([]);
  const pruned = real.map((v, i) => (Math.floor(i / COLUMNS) === 3 ? 0 : v));
  const alive = (s: number, row: number) => (row === 3 ? 1 : s);
  expect(codes(conv({ values: pruned, scale: alive }), floatConv(undefined, 'w', pruned))).toEqual([]);
  // Scales rounded up to powers of two, and weights on seven bits.
  expect(codes(conv({ scale: (s) => 2 ** Math.ceil(Math.log2(s)) }), floatConv())).toEqual([]);
  expect(codes(conv({ scale: (s) => (s * 127) / 63 }))).toEqual([]);
});

test('scales and zero points that cannot be right', () => {
  for (const bad of [0, Number.NaN, Number.POSITIVE_INFINITY, 1e-40, -1])
    expect(codes(conv({ scale: (s, row) => (row === 2 ? bad : s) })), String(bad)).toContain('scale-invalid 2');
  expect(codes(conv({ zero: 3, integer: (q) => Math.max(q, -120) }))).toContain('zero-point-shared 0,1,2,3,4,5,6,7');
  expect(codes(conv({ perTensor: true, zero: -2, integer: (q) => Math.max(q, -120) }))).toEqual([
    'zero-point-asymmetric',
  ]);
});

test('scales too small clip, scales too large waste the grid; a scale off by two shows against the float model', () => {
  expect(codes(conv({ scale: (s, row) => (row === 1 ? s / 4 : s) }))).toEqual(['weight-clipped 1']);
  expect(codes(conv({ scale: (s, row) => (row > 5 ? s * 3 : s) }))).toEqual(['scale-coarse 6,7']);
  expect(codes(conv({ scale: (s) => s * 20 }))).toEqual(['grid-of-four-bits']);
  expect(codes(conv({ perTensor: true, scale: (s) => s * 3 }))).toEqual(['scale-coarse']);
  expect(quantisationFindings(conv({ scale: (s) => s * 20 }))[0]?.value).toBeLessThanOrEqual(7);
  const clipped = quantisationFindings(conv({ scale: (s, row) => (row === 1 ? s / 4 : s) }), floatConv());
  expect(clipped.map(({ code }) => code)).toEqual(['weight-clipped', 'weights-differ']);
  expect(clipped[1]).toMatchObject({ channels: [1], reference: 'w', tensor: 'w_quantized' });
  expect(clipped[1]?.value).toBeCloseTo(127 * 3, 0);
});

test('one scale for channels of very different range', () => {
  const uneven = real.map((v, i) => (Math.floor(i / COLUMNS) === 4 ? v / 60 : v));
  expect(codes(conv({ values: uneven, perTensor: true }))).toEqual(['scale-shared 4']);
  expect(codes(conv({ values: uneven }))).toEqual([]);
  const tiny = real.map((v, i) => (Math.floor(i / COLUMNS) === 4 ? v / 5000 : v));
  // The channel is gone: its weights are below half a step, so that only the float model tells.
  expect(codes(conv({ values: tiny, perTensor: true }))).toEqual([]);
  expect(codes(conv({ values: tiny, perTensor: true }), floatConv(undefined, 'w', tiny))).toEqual(['channel-lost 4']);
  // One that training left at next to nothing is no loss.
  const dead = real.map((v, i) => (Math.floor(i / COLUMNS) === 4 ? v * 1e-30 : v));
  expect(codes(conv({ values: dead, perTensor: true }), floatConv(undefined, 'w', dead))).toEqual([]);
});

test('against the float model: lost channels, changed integers, other weights', () => {
  expect(codes(conv({ integer: (q, row) => (row === 6 ? 0 : q) }), floatConv())).toEqual(['channel-lost 6']);
  expect(codes(conv({ integer: (q, row) => (row === 2 ? q + 1 : q) }), floatConv())).toEqual(['weights-differ 2']);
  const stale = real.map((v) => v * 1.1);
  expect(codes(conv({ values: stale }), floatConv())).toEqual(['weights-differ 0,1,2,3,4,5,6,7']);
  // Found by its shape where names differ; not compared where a later node may have been folded into it.
  expect(codes(conv({ values: stale }), floatConv([node('Conv', 'x k', 'y')], 'k')).length).toBe(1);
  const folded = [node('Conv', 'x w', 'c'), node('BatchNormalization', 'c a b m v', 'y')];
  expect(codes(conv({ values: stale }), floatConv(folded))).toEqual([]);
  // What a BatchNormalization takes becomes another tensor when it is folded away.
  expect(codes(conv({ values: stale }), floatConv([node('BatchNormalization', 'x a w m v', 'y')]))).toEqual([]);
});

test('channels of a matrix are its columns, and four-bit weights are read', () => {
  const [rows, columns] = [40, 6];
  const values = normals(rows * columns, 'matrix');
  const peaks = Array.from({ length: columns }, (_, c) =>
    Math.max(...Array.from({ length: rows }, (_, r) => Math.abs(values[r * columns + c] as number))),
  );
  const scales = peaks.map((p) => Math.fround(p / 127));
  const q = values.map((v, i) => Math.round(v / (scales[i % columns] as number)));
  const matrix = (given: readonly number[], weights = q) =>
    saved(
      model({
        node: [node('DequantizeLinear', 'w_q s', 'w_dq', { axis: 1 }), node('MatMul', 'x w_dq', 'y')],
        initializer: [tensor('w_q', 'int8', [rows, columns], weights), number('s', 'float32', ...given)],
      }),
    );
  const float = saved(
    model({ node: [node('MatMul', 'x w', 'y')], initializer: [tensor('w', 'float32', [rows, columns], values)] }),
  );
  expect(codes(matrix(scales), float)).toEqual([]);
  expect(codes(matrix(scales.map((s, c) => (c === 5 ? s * 1.5 : s))), float)).toEqual(['weights-differ 5']);
  const nibbles = saved(
    model({
      node: [node('DequantizeLinear', 'w4 s', 'y')],
      initializer: [
        { name: 'w4', dataType: 22, dims: [4n], rawData: Uint8Array.from([0x87, 0xf1]) },
        number('s', 'float32', 0.5),
      ],
    }),
  );
  const float4 = saved(
    model({ node: [node('Add', 'x y4', 'y')], initializer: [number('y4', 'float32', 3.5, -4, 0.5, -0.5)] }),
  );
  expect(readQuantisation(nibbles)[0]).toMatchObject({ dtype: 'int4', range: [-4, 3.5] });
  expect(codes(nibbles, float4)).toEqual([]);
});

test('asymmetric weights may be a step off at the ends of their grid; biases of 32 bits are as exact as float32', () => {
  for (let seed = 0; seed < 20; seed++) {
    const values = normals(200, `asymmetric ${seed}`).map((v) => Math.fround(v + 0.3));
    const [low, high] = [Math.min(...values), Math.max(...values)];
    const scale = Math.fround((high - low) / 255);
    const zero = Math.round(-low / scale);
    const q = values.map((v) => Math.min(Math.max(Math.round(v / scale + zero), 0), 255));
    const biases = values.slice(0, 8).map((v) => Math.fround(v * 50));
    const step = Math.fround(1e-7);
    const whole = biases.map((v) => Math.round(Math.fround(v / step)));
    const quantised = (bias = whole) =>
      saved(
        model({
          node: [node('DequantizeLinear', 'w_q s z', 'w_dq'), node('DequantizeLinear', 'b_q t', 'b_dq')],
          initializer: [
            tensor('w_q', 'uint8', [200], q),
            tensor('b_q', 'int32', [8], bias),
            number('s', 'float32', scale),
            number('t', 'float32', step),
            number('z', 'uint8', zero),
          ],
        }),
      );
    const float = saved(
      model({ initializer: [tensor('w', 'float32', [200], values), tensor('b', 'float32', [8], biases)] }),
    );
    expect(codes(quantised(), float)).toEqual([]);
    const wrong = whole.map((v, i) => (i === 3 ? v + 10_000 : v));
    expect(codes(quantised(wrong), float)).toEqual(['weights-differ']);
  }
});
