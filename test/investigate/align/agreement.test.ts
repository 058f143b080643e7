import { describe, expect, it } from 'vitest';
import { agreementInAnyOrder, agreementInOrder } from '../../../src/investigate/align/agreement.ts';
import { tensorFrom } from '../../../src/tensor/build.ts';
import { transpose } from '../../../src/tensor/transpose.ts';
import { floats } from '../lab.ts';
import { noise } from '../localize/network.ts';

const values = floats([2, 3, 4], noise(24, 1));

describe('agreement', () => {
  it('is of elements, whatever axes of one stand between them', () => {
    expect(agreementInOrder(values, { ...values, shape: [2, 1, 12] }).error).toBe(0);
    expect(agreementInOrder(values, floats([23], noise(23, 1))).error).toBe(Number.POSITIVE_INFINITY);
  });

  it('finds an order of axes in which they are the same, and no other', () => {
    const turned = transpose(values, [2, 0, 1]);
    expect(agreementInAnyOrder(values, turned, 1e-6)).toEqual({ error: 0, permutation: [2, 0, 1] });
    expect(agreementInAnyOrder(values, { ...values, shape: [4, 2, 3] }, 1e-6).permutation).toBeUndefined();
  });

  it('sees scores beside the filling of a mask', () => {
    const masked = [...noise(12, 2), -1e9, -1e9];
    const other = masked.map((v) => (v < -1e8 ? v : v * 1.1));
    expect(agreementInOrder(floats([14], masked), floats([14], other)).error).toBeGreaterThan(0.05);
    expect(agreementInOrder(floats([14], masked), floats([14], masked)).error).toBe(0);
  });

  it('takes a quantised tensor for what it stands for, within its steps', () => {
    const quantised = (scale: number, change = 0) =>
      tensorFrom(
        'int8',
        [24],
        noise(24, 1).map((v, i) => Math.round(v / scale) + 3 + (i === 5 ? change : 0)),
      );
    expect(agreementInOrder(values, quantised(0.01)).error).toBe(0);
    expect(agreementInOrder(values, quantised(0.01, 30)).error).toBeGreaterThan(0.1);
  });
});
