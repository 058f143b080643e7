import { expect, test } from 'vitest';
import { misreadIntegers } from '../../../src/investigate/diagnose/misread-integers.ts';
import type { Grid } from '../../../src/investigate/grids.ts';
import { tensorFrom } from '../../../src/tensor/build.ts';

/** Weights of two channels (axis 1) and their best integers, read with the given parameters. */
function grid(scale: readonly number[], zero: readonly number[], quantise = (x: number) => x): Grid {
  const w = Array.from({ length: 32 }, (_, i) => Math.sin(7 * i + 1) * (i % 2 === 0 ? 1.27 : 0.127));
  const q = w.map((x, i) => quantise(Math.round(x / (i % 2 === 0 ? 0.01 : 0.001))));
  const levels = { scale: Float64Array.from(scale), zero: Float64Array.from(zero), axis: 1, low: -128, high: 127 };
  const node = { id: 'n', op: 'Gemm', inputs: [], outputs: [], attributes: {}, module: [], source: null };
  return {
    kind: 'weight',
    tensor: 't',
    up: node as unknown as Grid['up'],
    node: node as unknown as Grid['node'],
    value: tensorFrom('float32', [16, 2], w),
    stored: tensorFrom('int8', [16, 2], q),
    down: levels,
    levels,
    excess: 10,
    mend: [],
  };
}

test('scales of the neighbour and a moved zero point are told, channel by channel', () => {
  expect(misreadIntegers(grid([0.001, 0.01], [0, 0]))).toEqual({
    code: 'quantisation-parameters',
    args: { channels: 2 },
  });
  expect(misreadIntegers(grid([0.01, 0.001], [0, 9]))?.args).toEqual({ channels: 1 });
});

test('right parameters and integers that were cut are something else', () => {
  expect(misreadIntegers(grid([0.01, 0.001], [0, 0]))).toBeUndefined();
  expect(misreadIntegers(grid([0.01, 0.001], [0, 0], (q) => Math.max(-50, Math.min(50, q))))).toBeUndefined();
});
