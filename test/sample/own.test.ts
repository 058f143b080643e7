import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type Distribution, type InputPlan, samplePlan } from '../../src/records/rules.ts';
import { generateSamples } from '../../src/sample/generate.ts';
import { readSafetensors } from '../../src/tensor/safetensors.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { toFloat64 } from '../../src/tensor/values.ts';
import { scratch } from '../tensor/helpers.ts';

async function generate(inputs: InputPlan[]) {
  const dir = scratch();
  const plan = samplePlan.parse({ inputs, portfolio: null, files: [], dims: {}, seed: 1 });
  const { samples, findings } = await generateSamples(plan, dir);
  return { findings, samples: new Map(samples.map(({ id, file }) => [id, readSafetensors(join(dir, file))])) };
}

const values = (tensor: Tensor | undefined): number[] => Array.from(toFloat64(tensor as Tensor));
const mean = (all: readonly number[]) => all.reduce((a, b) => a + b, 0) / all.length;

test.each<[Distribution, middle: number, low: number, high: number]>([
  [{ normal: { mean: 300, std: 20 } }, 300, 180, 420],
  [{ uniform: { low: 5, high: 7 } }, 6, 5, 7],
  [{ lognormal: { mean: 1, sigma: 0.5 } }, Math.exp(1.125), 0, Math.exp(4)],
  [{ exponential: { rate: 2 } }, 0.5, 0, 10.35],
])('values lie as %o says', async (distribution, middle, low, high) => {
  const { samples } = await generate([{ name: 'x', dtype: 'float64', shape: [2, 4000], distribution }]);
  expect(Math.abs(mean(values(samples.get('normal')?.get('x'))) / middle - 1)).toBeLessThan(0.05);
  for (const [id, tensors] of samples) {
    const all = values(tensors.get('x'));
    expect(Math.min(...all), id).toBeGreaterThanOrEqual(low);
    expect(Math.max(...all), id).toBeLessThanOrEqual(high);
  }
  expect([...samples.keys()]).toContain('extremes');
});

test('integers are rounded, a range beside the distribution holds', async () => {
  const distribution = { normal: { mean: 50, std: 30 } };
  const { samples, findings } = await generate([
    { name: 'x', dtype: 'int64', shape: [500], distribution, range: [0, 100] },
  ]);
  const all = values(samples.get('normal')?.get('x'));
  expect(Math.min(...all)).toBe(0);
  expect(Math.max(...all)).toBe(100);
  expect(Math.abs(mean(all) - 50)).toBeLessThan(5);
  expect(findings).toEqual([]);
});

const own = (code: string, rest: Partial<InputPlan> = {}): InputPlan => {
  const root = scratch();
  const path = join(root, 'größe own.ts');
  writeFileSync(path, code);
  return { name: 'x', dtype: 'float32', shape: ['batch', 2], generator: { path, root, digest: 'd' }, ...rest };
};

test('the user’s own function fills every sample, with random numbers of its own', async () => {
  const input = own(`
    import type { SampleGenerator } from 'onpar';
    const pairs: SampleGenerator = (input, random) =>
      Array.from({ length: input.shape[0] }, () => { const a = random.uniform(); return [a, 1 - a]; });
    export default pairs;
  `);
  const other: InputPlan = { name: 'y', dtype: 'float32', shape: ['batch'] };
  const { samples } = await generate([input, other]);
  expect([...samples.keys()]).toEqual(expect.arrayContaining(['normal', 'zeros', 'normal[batch=3]', 'vary[y]']));
  for (const tensors of samples.values()) {
    const all = values(tensors.get('x'));
    for (let i = 0; i < all.length; i += 2) expect((all[i] as number) + (all[i + 1] as number)).toBeCloseTo(1, 6);
  }
  const of = (id: string) => values(samples.get(id)?.get('x'));
  expect(of('vary[y]')).toEqual(of('normal'));
  expect(of('vary[x]')).not.toEqual(of('normal'));
  expect([...(await generate([input, other])).samples.values()].map((t) => values(t.get('x')))).toEqual(
    [...samples.values()].map((t) => values(t.get('x'))),
  );
});

test('alone, it makes plain draws and sizes only', async () => {
  const { samples } = await generate([
    own('export default async ({ shape }, r) => Float32Array.from({ length: shape[0] * 2 }, () => r.uniform())'),
  ]);
  expect([...samples.keys()]).toEqual(['normal', 'normal[batch=1]', 'normal[batch=3]', 'uniform']);
});

test.each([
  ['export default 3', 'its default export is no function'],
  ['export default () => [1, 2, 3]', 'gave 3 values for the shape [2, 2] (sample normal)'],
  ['export default () => "ab"', 'gave string instead of an array (sample normal)'],
  ['export default () => { throw new Error("no data") }', 'no data (sample normal)'],
  ['export default () => [[0.5, 1], [2, 3]]', 'gave 0.5, which is no int32 (sample normal)'],
])('%s is refused by name', async (code, why) => {
  const input = own(code, { dtype: 'int32' });
  await expect(generate([input])).rejects.toMatchObject({
    code: 'generator-failed',
    message: `input x: generator ${input.generator?.path}: ${why}`,
  });
});
