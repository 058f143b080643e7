import { describe, expect, it } from 'vitest';
import { fitSample } from '../../src/observe/fit.ts';
import type { IoContract, TensorSpec } from '../../src/records/contract.ts';
import { tensorFrom } from '../../src/tensor/build.ts';
import type { NumericDtype } from '../../src/tensor/views.ts';
import { viewOf } from '../../src/tensor/views.ts';

const x = (dtype: NumericDtype, shape: number[], ...values: number[]) => tensorFrom(dtype, shape, values);
const taking = (spec: Partial<TensorSpec>, names: IoContract['names'] = 'declared'): IoContract => ({
  inputs: [{ name: 'x', dtype: 'float32', shape: null, ...spec }],
  outputs: [],
  names,
});
const fitted = (tensor: ReturnType<typeof x>, spec: Partial<TensorSpec>) => {
  const [only] = fitSample(new Map([['x', tensor]]), taking(spec));
  return only === undefined ? [] : Array.from(viewOf(only) as ArrayLike<number>);
};

describe('a sample for a contract', () => {
  it('is quantised by the input’s own parameters: half away from zero, saturated, NaN as zero', () => {
    const spec: Partial<TensorSpec> = { dtype: 'int8', quantization: { scales: [0.5], zeroPoints: [-3] } };
    expect(fitted(x('float32', [6], 0, 0.25, -0.25, 100, -100, Number.NaN), spec)).toEqual([-3, -2, -4, 127, -128, -3]);
  });

  it('is quantised along an axis', () => {
    const spec: Partial<TensorSpec> = {
      dtype: 'int8',
      quantization: { scales: [1, 0.5], zeroPoints: [0, 1], axis: 1 },
    };
    expect(fitted(x('float32', [2, 2], 1, 1, 2, 2), spec)).toEqual([1, 3, 2, 5]);
  });

  it('is cast where every value survives, and refused by name where one does not', () => {
    expect(fitted(x('int64', [2], 1, 2), { dtype: 'int32' })).toEqual([1, 2]);
    expect(() => fitted(x('float32', [1], 1.5), { dtype: 'int32' })).toThrow(
      'input x is float32; the model takes int32',
    );
  });

  it('has the shape that is declared', () => {
    expect(() => fitted(x('float32', [2, 3], 1, 2, 3, 4, 5, 6), { shape: [null, 4] })).toThrow(
      'input x has shape [2, 3]; the model takes [?, 4]',
    );
  });

  it('is paired by position only where names mean nothing', () => {
    const named = new Map([['image', x('float32', [1], 7)]]);
    expect(fitSample(named, taking({}, 'generated'))).toHaveLength(1);
    expect(() => fitSample(named, taking({}))).toThrow('the sample has image; the model takes x');
  });
});
