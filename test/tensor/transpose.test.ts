import { expect, it } from 'vitest';
import { stringTensor, tensorFrom } from '../../src/tensor/build.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { transpose } from '../../src/tensor/transpose.ts';
import { viewOf } from '../../src/tensor/views.ts';

const counting = (dtype: 'float32' | 'int64' | 'bool', shape: readonly number[]): Tensor => {
  const count = shape.reduce((n, d) => n * d, 1);
  const values = Array.from({ length: count }, (_, i) => (dtype === 'int64' ? BigInt(i) : i % 251));
  return tensorFrom(dtype, shape, values as number[]);
};

it('puts channels last as numpy does', () => {
  // np.arange(2 * 3 * 2 * 2).reshape(2, 3, 2, 2).transpose(0, 2, 3, 1).ravel()
  const expected = [0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11, 12, 16, 20, 13, 17, 21, 14, 18, 22, 15, 19, 23];
  for (const dtype of ['float32', 'int64'] as const) {
    const { shape, data, ...rest } = transpose(counting(dtype, [2, 3, 2, 2]), [0, 2, 3, 1]);
    expect(shape).toEqual([2, 2, 2, 3]);
    expect(Array.from(viewOf({ shape, data, ...rest }), Number)).toEqual(expected);
  }
});

it('comes back by the inverse order, whatever the rank', () => {
  const tensor = counting('float32', [2, 3, 4, 5, 2]);
  const axes = [3, 0, 4, 2, 1];
  const inverse = axes.map((_, i) => axes.indexOf(i));
  const back = transpose(transpose(tensor, axes), inverse);
  expect([back.shape, [...viewOf(back)]]).toEqual([tensor.shape, [...viewOf(tensor)]]);
});

it('takes text, scalars and tensors without elements', () => {
  expect(transpose(stringTensor([2, 2], ['a', 'b', 'c', 'd']), [1, 0]).strings).toEqual(['a', 'c', 'b', 'd']);
  expect(viewOf(transpose(counting('float32', []), []))).toEqual(Float32Array.of(0));
  expect(transpose(counting('float32', [0, 3]), [1, 0])).toMatchObject({ shape: [3, 0] });
});
