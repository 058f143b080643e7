import { describe, expect, test } from 'vitest';
import { stringTensor, tensorFrom } from '../../src/tensor/build.ts';
import { beginning, stackSteps, stepOf } from '../../src/tensor/steps.ts';
import { toFloat64 } from '../../src/tensor/values.ts';

const floats = (shape: readonly number[], values: readonly number[]) => tensorFrom('float32', shape, values);

describe('steps of a tensor', () => {
  test('stand behind the first axis, and come back one by one', () => {
    const steps = [floats([2, 2], [1, 2, 3, 4]), floats([2, 2], [5, 6, 7, 8]), floats([2, 2], [9, 10, 11, 12])];
    const all = stackSteps(steps);
    expect(all.shape).toEqual([2, 3, 2]);
    expect([...toFloat64(all)]).toEqual([1, 2, 5, 6, 9, 10, 3, 4, 7, 8, 11, 12]);
    expect(steps.map((_, i) => [...toFloat64(stepOf(all, i))])).toEqual(steps.map((s) => [...toFloat64(s)]));
    expect(stepOf(all, 1).shape).toEqual([2, 2]);
    expect(() => stepOf(all, 3)).toThrow('no step 3');
  });

  test('a scalar becomes [1, step], texts stay texts', () => {
    expect(stackSteps([floats([], [1]), floats([], [2])]).shape).toEqual([1, 2]);
    const texts = stackSteps([stringTensor([2], ['a', 'b']), stringTensor([2], ['c', 'd'])]);
    expect(texts).toMatchObject({ shape: [2, 2], strings: ['a', 'c', 'b', 'd'] });
  });

  test('what grows is filled up with NaN, integers with 0', () => {
    const grown = stackSteps([floats([1, 1, 2], [1, 2]), floats([1, 2, 2], [3, 4, 5, 6])]);
    expect(grown.shape).toEqual([1, 2, 2, 2]);
    expect([...toFloat64(grown)]).toEqual([1, 2, Number.NaN, Number.NaN, 3, 4, 5, 6]);
    expect([...toFloat64(beginning(stepOf(grown, 0), 1, 1))]).toEqual([1, 2]);
    const ids = stackSteps([tensorFrom('int64', [1, 1], [7]), tensorFrom('int64', [1, 2], [8, 9])]);
    expect([...toFloat64(ids)]).toEqual([7, 0, 8, 9]);
  });

  test('refuses what no step of the same output can be', () => {
    expect(() => stackSteps([floats([1], [1]), tensorFrom('float64', [1], [1])])).toThrow('dtype changes');
    expect(() => stackSteps([floats([1], [1]), floats([1, 1], [1])])).toThrow('rank changes');
    expect(() => beginning(floats([1, 2], [1, 2]), 1, 3)).toThrow('has 2 of 3');
  });
});
