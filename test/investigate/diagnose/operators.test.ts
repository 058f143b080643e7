import { describe, expect, test } from 'vitest';
import type { Alternative } from '../../../src/investigate/diagnose/operators/alternative.ts';
import { choices } from '../../../src/investigate/diagnose/operators/changes.ts';
import { agreed, bestOf, type Tried } from '../../../src/investigate/diagnose/operators/choose.ts';
import { reorderGates } from '../../../src/investigate/diagnose/operators/gates.ts';
import { arePositions } from '../../../src/investigate/diagnose/operators/rules/indices.ts';
import { joinOf } from '../../../src/investigate/diagnose/operators/rules/missing.ts';
import { otherPads } from '../../../src/investigate/diagnose/operators/rules/pads.ts';
import { leastError } from '../../../src/investigate/diagnose/operators/search.ts';
import { tensorFrom } from '../../../src/tensor/build.ts';
import { toFloat64 } from '../../../src/tensor/values.ts';

const tried = (code: Alternative['code'], after: number, more: Partial<Alternative> = {}): Tried => ({
  alternative: { code, edits: [], args: {}, experiment: '', cost: 1, ...more } as unknown as Alternative,
  outcome: { before: 1, after, explained: after <= 1e-6 ? 1 : 1 - after },
});

describe('choosing', () => {
  test('what explains all stands above what explains most, and little is nothing', () => {
    const [all, most, little] = [tried('resize-mode', 0), tried('padding-differs', 0.05), tried('axis-differs', 0.5)];
    expect(bestOf([little, most, all], 1e-6)).toEqual([all]);
    expect(bestOf([little], 1e-6)).toEqual([]);
    expect(agreed([])).toBe(false);
  });

  test('of equals the smallest change, unless the reference says otherwise', () => {
    const [small, large] = [tried('resize-mode', 0), tried('resize-mode', 0, { cost: 4 })];
    expect(bestOf([large, small], 1e-6)[0]).toBe(small);
    const told = tried('resize-mode', 0, { cost: 4, told: true });
    expect(bestOf([small, told], 1e-6)[0]).toBe(told);
  });

  test('two causes that explain equally well are none, unless one is only more general', () => {
    expect(agreed(bestOf([tried('axis-differs', 0), tried('index-differs', 0)], 1e-6))).toBe(false);
    const best = bestOf([tried('operator-differs', 0), tried('index-differs', 0)], 1e-6);
    expect(agreed(best) && best[0]?.alternative.code).toBe('index-differs');
  });
});

test('a number is found where the error is least, and not sought where nothing gains', async () => {
  const error = async (v: number) => Math.abs(Math.log10(v) + 4.3);
  const found = await leastError(error, { low: 1e-13, high: 1, logarithmic: true });
  expect(Math.log10(found?.value ?? 1)).toBeCloseTo(-4.3, 2);
  expect(
    await leastError(async () => 1, { low: 1, high: 2, logarithmic: false, isWorthIt: (e) => e < 0.7 }),
  ).toBeUndefined();
  expect(
    await leastError(async () => Number.POSITIVE_INFINITY, { low: 1, high: 2, logarithmic: false }),
  ).toBeUndefined();
});

test('gates of weights and of both halves of a bias move together', () => {
  const weight = tensorFrom('float32', [1, 8, 1], [0, 0, 1, 1, 2, 2, 3, 3]);
  expect([...toFloat64(reorderGates(weight, [0, 2, 1, 3]))]).toEqual([0, 0, 2, 2, 1, 1, 3, 3]);
  const bias = tensorFrom('float32', [1, 6], [0, 1, 2, 10, 11, 12]);
  expect([...toFloat64(reorderGates(bias, [1, 0, 2]))]).toEqual([1, 0, 2, 11, 10, 12]);
});

test('other paddings keep none below zero and repeat none', () => {
  const pads = otherPads([0, 1, 1, 1]).map((p) => p.join());
  expect(pads).toContain('1,1,0,1');
  expect(pads).not.toContain('0,1,1,1');
  expect(pads.some((p) => p.includes('-'))).toBe(false);
  expect(new Set(pads).size).toBe(pads.length);
});

test('positions go up by one, ids do not', () => {
  expect(arePositions([0, 1, 2, 3, 0, 1, 2, 3])).toBe(true);
  expect(arePositions([5, 17, 3, 3, 9, 2])).toBe(false);
});

test('joins in the words of four frameworks', () => {
  expect(['Add', 'ADD', 'aten.add.Tensor', 'aten::add_', 'Multiply'].map(joinOf)).toEqual([
    'Add',
    'Add',
    'Add',
    'Add',
    'Mul',
  ]);
  expect(['Conv2D', 'aten.addmm.default', 'PADV2'].map(joinOf)).toEqual([undefined, undefined, undefined]);
});

test('every choice of every option', () => {
  expect([...choices({ a: [1, 2], b: ['x'] })]).toEqual([
    { a: 1, b: 'x' },
    { a: 2, b: 'x' },
  ]);
});
