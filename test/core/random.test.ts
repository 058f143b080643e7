import { expect, test } from 'vitest';
import { random } from '../../src/core/random.ts';

test('a key is a stream, another key another one', () => {
  const first = (...key: (string | number)[]) => {
    const { uint32 } = random(...key);
    return Array.from({ length: 4 }, uint32);
  };
  expect(first('a', 1)).toEqual(first('a', 1));
  expect(first('a', 1)).not.toEqual(first('a', 2));
  expect(first('a', 1)).not.toEqual(first('a1'));
  // Pinned: a change here changes every sample that anyone has recorded.
  expect(first('onpar', 0)).toMatchInlineSnapshot(`
    [
      2206575121,
      413228431,
      406342416,
      1330220587,
    ]
  `);
});

test('uniform numbers, integers and normal numbers have the moments they should', () => {
  const n = 100_000;
  const { uniform, integer, fillNormal } = random('moments');
  const mean = (xs: ArrayLike<number>) => Array.from(xs).reduce((a, b) => a + b, 0) / xs.length;
  const uniforms = Array.from({ length: n }, uniform);
  expect(Math.abs(mean(uniforms) - 0.5)).toBeLessThan(5 / Math.sqrt(12 * n));
  expect(uniforms.every((u) => u > 0 && u < 1)).toBe(true);
  const counts = new Map<number, number>();
  for (let i = 0; i < n; i++) {
    const die = integer(1, 6);
    counts.set(die, (counts.get(die) ?? 0) + 1);
  }
  expect([...counts.keys()].sort()).toEqual([1, 2, 3, 4, 5, 6]);
  // Chi-square with five degrees of freedom: 30 is beyond one in ten thousand.
  expect([...counts.values()].reduce((sum, c) => sum + (c - n / 6) ** 2 / (n / 6), 0)).toBeLessThan(30);
  const normals = new Float64Array(n + 1);
  fillNormal(normals);
  expect(Math.abs(mean(normals))).toBeLessThan(5 / Math.sqrt(n));
  expect(Math.abs(mean(normals.map((x) => x * x)) - 1)).toBeLessThan(5 * Math.sqrt(2 / n));
  expect(Math.abs(mean(normals.map((x) => x ** 4)) - 3)).toBeLessThan(5 * Math.sqrt(96 / n));
});

test('integers reach both ends of any span', () => {
  const { integer } = random('ends');
  expect(new Set(Array.from({ length: 50 }, () => integer(-1, 0)))).toEqual(new Set([-1, 0]));
  expect(integer(7, 7)).toBe(7);
  const wide = Array.from({ length: 100 }, () => integer(-(2 ** 52), 2 ** 52));
  expect(Math.min(...wide)).toBeLessThan(-(2 ** 50));
  expect(wide.every(Number.isSafeInteger)).toBe(true);
});
