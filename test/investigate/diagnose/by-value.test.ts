import { describe, expect, it } from 'vitest';
import { diagnose } from '../../../src/investigate/diagnose/diagnose.ts';
import { alongAxis, logSoftmax, softmax, toShares } from '../../../src/investigate/diagnose/values/along-axis.ts';
import { BY_VALUE } from '../../../src/investigate/diagnose/values/registry.ts';
import type { Question } from '../../../src/investigate/scene.ts';
import { cast, tensorFrom } from '../../../src/tensor/build.ts';
import { range, takeRows } from '../../../src/tensor/rows.ts';
import type { Tensor } from '../../../src/tensor/tensor.ts';
import { transpose } from '../../../src/tensor/transpose.ts';
import { toFloat64 } from '../../../src/tensor/values.ts';
import { changed, drawn, faulty, recorded } from './recorded.ts';

/** The code that recorded values alone give, and its arguments; null: none. */
async function told(question: Question): Promise<readonly [string, Readonly<Record<string, unknown>>] | null> {
  const { evidence } = await diagnose(question, BY_VALUE);
  const [best] = evidence;
  return best === undefined ? null : [best.code, best.args];
}

const code = async (question: Question): Promise<string | null> => (await told(question))?.[0] ?? null;

const along = (tensor: Tensor, axis: number, f: (line: Float64Array) => void): Tensor =>
  tensorFrom('float32', tensor.shape, alongAxis(tensor, axis, f));
const scores = (shape: readonly number[], seed: number): Tensor => along(drawn(shape, seed), shape.length - 1, softmax);
const noise = (tensor: Tensor, size: number): Tensor => {
  const other = toFloat64(drawn(tensor.shape, 99));
  return changed(tensor, (x, i) => x + size * (other[i] as number));
};

describe('order', () => {
  it('tells axes in another order, with the same shape or another', async () => {
    expect(await told(faulty([2, 4, 4, 3], (t) => transpose(t, [0, 2, 1, 3])))).toEqual([
      'layout-permuted',
      { permutation: '0, 2, 1, 3' },
    ]);
    expect(await code(faulty([2, 3, 4, 5], (t) => transpose(t, [0, 2, 3, 1])))).toBe('layout-permuted');
  });

  it('tells heads that are regrouped without their transposition', async () => {
    const regrouped = (t: Tensor): Tensor => ({
      ...transpose({ ...t, shape: [2, 6, 4, 3] }, [0, 2, 1, 3]),
      shape: t.shape,
    });
    expect(await code(faulty([2, 6, 12], regrouped))).toBe('layout-permuted');
  });

  it('tells slices in another order', async () => {
    const reversed = (t: Tensor): Tensor => takeRows(t, 1, [2, 1, 0]);
    expect(await told(faulty([2, 3, 5, 5], reversed))).toEqual(['channel-order', { axis: 1, order: 'reversed' }]);
    expect(await code(faulty([4, 7], (t) => takeRows(t, 1, [3, 0, 1, 6, 2, 5, 4])))).toBe('channel-order');
  });

  it('is silent where each sample has an order of its own, or the values are others', async () => {
    const orders = [
      [3, 0, 1, 6, 2, 5, 4],
      [1, 0, 3, 2, 6, 4, 5],
    ];
    expect(await code(faulty([4, 7], (t, i) => takeRows(t, 1, orders[i] as number[])))).toBeNull();
    expect(await code(faulty([2, 4, 4, 3], (t) => noise(transpose(t, [0, 2, 1, 3]), 0.4)))).toBeNull();
  });

  it('tells outputs that are exchanged, and not outputs that are both wrong', async () => {
    const [a, b, c] = [drawn([2, 5], 1), drawn([2, 5], 2), drawn([2, 5], 3)];
    const pair = (x: Tensor, y: Tensor) =>
      new Map([
        ['a', x],
        ['b', y],
      ]);
    expect(await code(recorded([{ reference: pair(a, b), candidate: pair(b, a) }]))).toBe('output-order');
    expect(await code(recorded([{ reference: pair(a, b), candidate: pair(b, c) }]))).toBeNull();
  });
});

describe('functions', () => {
  it('tells a factor and an offset', async () => {
    expect(await told(faulty([3, 8], (t) => changed(t, (x) => 255 * x)))).toEqual([
      'scaling-differs',
      { factor: 255, offset: 0 },
    ]);
    expect(await told(faulty([3, 8], (t) => changed(t, (x) => 2 * x - 1)))).toEqual([
      'scaling-differs',
      { factor: 2, offset: -1 },
    ]);
  });

  it('is silent where a factor belongs to one sample or one channel, and where a line fits badly', async () => {
    expect(await code(faulty([3, 8], (t, i) => changed(t, (x) => (2 + i) * x)))).toBeNull();
    expect(await code(faulty([3, 8], (t) => changed(t, (x, i) => (1 + (i % 8)) * x)))).toBeNull();
    expect(await code(faulty([3, 8], (t) => changed(t, (x) => x + 0.2 * x * x)))).toBeNull();
  });

  it('tells activations that are left out, too many, or others', async () => {
    const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
    expect(await told(faulty([4, 6], (t) => changed(t, sigmoid)))).toEqual([
      'activation-added',
      { activation: 'sigmoid' },
    ]);
    expect(await told(faulty([4, 6], (t) => along(t, 1, softmax)))).toEqual([
      'activation-added',
      { activation: 'softmax' },
    ]);
    // Logits whose softmax is the reference.
    const logits = faulty([4, 6], (t, i) => changed(t, (p, at) => Math.log(p) + (i + at - (at % 6))), scores);
    expect(await told(logits)).toEqual(['activation-missing', { activation: 'softmax' }]);
    expect(await told(faulty([4, 6], (t) => changed(t, Math.log), scores))).toEqual([
      'activation-variant',
      { from: 'softmax', to: 'log-softmax' },
    ]);
    const relu = (shape: readonly number[], seed: number) => changed(drawn(shape, seed), (x) => Math.max(x, 0));
    const lost = recorded(
      [1, 2].map((seed) => ({
        reference: new Map([['out', relu([4, 6], seed)]]),
        candidate: new Map([['out', drawn([4, 6], seed)]]),
      })),
    );
    expect(await told(lost)).toEqual(['activation-missing', { activation: 'ReLU' }]);
  });

  it('is silent where a function only comes near', async () => {
    expect(await code(faulty([4, 6], (t) => noise(changed(t, Math.tanh), 0.1)))).toBeNull();
    expect(await code(faulty([4, 6], (t) => noise(along(t, 1, logSoftmax), 0.3)))).toBeNull();
  });

  it('tells temperature, axis and mask of a softmax from its probabilities', async () => {
    const warm = (t: Tensor): Tensor =>
      along(
        changed(t, (p) => p ** 0.5),
        2,
        toShares,
      );
    expect(await told(faulty([2, 5, 6], warm, scores))).toEqual([
      'scaling-differs',
      { factor: 0.5, of: 'the scores in front of softmax' },
    ]);
    const axis = recorded(
      [1, 2].map((seed) => {
        const raw = drawn([2, 5, 6], seed);
        return {
          reference: new Map([['out', along(raw, 2, softmax)]]),
          candidate: new Map([['out', along(raw, 1, softmax)]]),
        };
      }),
    );
    expect(await told(axis)).toEqual(['axis-differs', { from: 2, to: 1 }]);
    const masked = (shape: readonly number[], seed: number): Tensor =>
      along(
        changed(scores(shape, seed), (p, i) => (i % 6 > 3 ? 0 : p)),
        2,
        toShares,
      );
    const unmasked = recorded(
      [1, 2].map((seed) => ({
        reference: new Map([['out', masked([2, 5, 6], seed)]]),
        candidate: new Map([['out', scores([2, 5, 6], seed)]]),
      })),
    );
    expect(await code(unmasked)).toBe('mask-differs');
    const other = recorded(
      [1, 2].map((seed) => ({
        reference: new Map([['out', masked([2, 5, 6], seed)]]),
        candidate: new Map([['out', scores([2, 5, 6], seed + 7)]]),
      })),
    );
    expect(await code(other)).toBeNull();
  });

  it('tells bounds, and not a function that has a flat end', async () => {
    expect(await code(faulty([8, 8], (t) => changed(t, (x) => Math.min(Math.max(x, -1), 1))))).toBe('clipping-differs');
    expect(await code(faulty([8, 8], (t) => changed(t, (x) => Math.min(Math.max(2 * x, -1), 1) ** 3)))).toBeNull();
  });
});

describe('numbers', () => {
  it('tells values that saturate, and steps that are too large', async () => {
    const grid = (step: number, ends: number) => (t: Tensor) =>
      changed(t, (x) => Math.min(Math.max(Math.round(x / step), -ends), ends) * step);
    expect(await code(faulty([16, 64], grid(2 ** -4, 16)))).toBe('saturation');
    expect(await code(faulty([16, 64], grid(0.5, 100)))).toBe('quantisation-coarse');
  });

  it('does not blame a grid that is as fine as it can be', async () => {
    const best = (t: Tensor) => changed(noise(t, 0.3), (x) => Math.round(x * 32) / 32);
    expect(await code(faulty([16, 64], best))).toBeNull();
  });

  it('tells narrower types, and not errors of their size', async () => {
    const half = (t: Tensor) => cast(cast(t, 'float16'), 'float32');
    expect(await told(faulty([8, 8], half))).toEqual(['dtype-narrowed', { dtype: 'float16' }]);
    expect(await told(faulty([8, 8], (t) => cast(cast(t, 'bfloat16'), 'float32')))).toEqual([
      'dtype-narrowed',
      { dtype: 'bfloat16' },
    ]);
    expect(await code(faulty([8, 8], (t) => noise(t, 2 ** -11)))).toBeNull();
  });

  it('tells whole numbers that wrap around', async () => {
    const large = (seed: number): Tensor =>
      tensorFrom(
        'int64',
        [12],
        toFloat64(drawn([12], seed)).map((x) => x * 2e10),
      );
    const wrapped = recorded(
      [1, 2].map((seed) => ({
        reference: new Map([['out', large(seed)]]),
        candidate: new Map([
          [
            'out',
            tensorFrom(
              'int32',
              [12],
              toFloat64(large(seed)).map((x) => Number(BigInt.asIntN(32, BigInt(x)))),
            ),
          ],
        ]),
      })),
    );
    expect(await told(wrapped)).toEqual(['dtype-narrowed', { dtype: 'int32' }]);
  });

  it('tells where NaN appears, if nothing else is wrong', async () => {
    const odd = (t: Tensor): Tensor => changed(t, (x, i) => (i === 5 ? Number.NaN : x));
    expect(await told(faulty([4, 6], odd))).toEqual(['nan-source', { value: 'NaN', because: null }]);
    expect(await code(faulty([4, 6], (t) => odd(noise(t, 0.5))))).toBeNull();
  });

  it('tells positions that start elsewhere', async () => {
    const counted = (shape: readonly number[], seed: number): Tensor =>
      tensorFrom(
        'int64',
        shape,
        range(0, shape[0] as number).map((i) => i + 3 * seed),
      );
    const question = faulty(
      [12],
      (t) =>
        tensorFrom(
          'int64',
          t.shape,
          toFloat64(t).map((x) => x + 1),
        ),
      counted,
    );
    expect(await told(question)).toEqual(['position-offset', { offset: 1 }]);
  });

  it('tells ties by the scores, and not another index', async () => {
    const values = [3, 1, 3, 2, 5, 5, 0, 1];
    const asked = (candidate: number[]): Question =>
      recorded([
        {
          reference: new Map([
            ['label', tensorFrom('int64', [2], [0, 0])],
            ['score', tensorFrom('float32', [2, 4], values)],
          ]),
          candidate: new Map([
            ['label', tensorFrom('int64', [2], candidate)],
            ['score', tensorFrom('float32', [2, 4], values)],
          ]),
        },
      ]);
    expect(await told(asked([2, 1]))).toEqual(['ties', { count: 2 }]);
    expect(await code(asked([2, 2]))).toBeNull();
  });

  it('tells an answer that never moves, and not one that moves wrongly', async () => {
    const still = drawn([1, 6], 50);
    expect(await code(faulty([1, 6], () => still))).toBe('constant-output');
    expect(await code(faulty([1, 6], (_, i) => drawn([1, 6], 50 + i)))).toBeNull();
  });
});
