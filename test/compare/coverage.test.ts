import { expect, test } from 'vitest';
import { OutputWatch } from '../../src/compare/coverage.ts';
import { tensorFrom } from '../../src/tensor/build.ts';
import type { NumericDtype } from '../../src/tensor/views.ts';

function watch(dtype: NumericDtype, tensors: readonly (readonly [shape: number[], values: number[]])[]): OutputWatch {
  const result = new OutputWatch();
  for (const [shape, values] of tensors) result.add(tensorFrom(dtype, shape, values));
  return result;
}

test('counts values, what never moved and what is saturated', () => {
  const sigmoid = watch('float32', [
    [
      [1, 4],
      [0, 1, 0.5, 0.25],
    ],
    [
      [1, 4],
      [0, 1, 1, 0.75],
    ],
  ]);
  expect(sigmoid.isConstant).toBe(false);
  expect(sigmoid.result('y')).toEqual({ name: 'y', distinct: 5, orMore: false, still: 0.5, saturated: 5 / 8 });
});

test('an output that never moves is found, another size of the batch is no movement', () => {
  const label = watch('int64', [
    [[2], [3, 3]],
    [[2], [3, 3]],
    [[1], [3]],
  ]);
  expect(label.isConstant).toBe(true);
  expect(label.result('y')).toEqual({ name: 'y', distinct: 1, orMore: false, still: 1, saturated: null });
});

test('one sample, or one of each size, says nothing about movement', () => {
  expect(watch('float32', [[[2], [1, 2]]]).isConstant).toBe(false);
  const sizes = watch('float32', [
    [[2], [1, 1]],
    [[3], [1, 1, 1]],
  ]);
  expect(sizes.isConstant).toBe(false);
  expect(sizes.result('y').still).toBeNull();
});

test('NaN stays NaN, and empty tensors are passed over', () => {
  const nan = watch('float32', [
    [[2], [Number.NaN, 1]],
    [[2], [Number.NaN, 1]],
    [[0], []],
  ]);
  expect(nan.isConstant).toBe(true);
  expect(nan.result('y').distinct).toBe(2);
});

test('a large tensor is looked at here and there, but one element that moves is enough', () => {
  const count = 200_000;
  const still = new Float64Array(count);
  const moved = still.slice();
  moved[1] = 1;
  const add = (...all: Float64Array[]) => {
    const result = new OutputWatch();
    for (const values of all) result.add(tensorFrom('float32', [count], values));
    return result.isConstant;
  };
  expect(add(still, still)).toBe(true);
  expect(add(still, moved)).toBe(false);
});
