import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type InputPlan, samplePlan } from '../../src/records/rules.ts';
import { generateSamples } from '../../src/sample/generate.ts';
import { readSafetensors } from '../../src/tensor/safetensors.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { toFloat64 } from '../../src/tensor/values.ts';
import { scratch } from '../tensor/helpers.ts';

async function generate(inputs: InputPlan[], special: boolean) {
  const dir = scratch();
  const plan = samplePlan.parse({ inputs, portfolio: 2, special, files: [], dims: {}, seed: 1 });
  const { samples } = await generateSamples(plan, dir);
  return samples.map(({ id, group, file }) => ({ id, group, tensors: readSafetensors(join(dir, file)) }));
}

const values = (tensor: Tensor | undefined): number[] => Array.from(toFloat64(tensor as Tensor));

test('special values only where asked for, in a group of their own', async () => {
  const x: InputPlan = { name: 'x', dtype: 'float32', shape: ['batch', 20], range: [0, 1] };
  expect((await generate([x], false)).map(({ group }) => group)).toEqual([undefined, undefined]);
  const samples = await generate([x, { name: 'ids', dtype: 'int64', shape: ['batch'] }], true);
  expect(samples.map(({ id, group }) => `${id} ${group ?? '–'}`)).toEqual([
    'normal –',
    'zeros –',
    'special-nan special',
    'special-infinity special',
    'special-denormal special',
  ]);
  const [base, , nan, infinity, denormal] = samples.map(({ tensors }) => values(tensors.get('x')));
  const share = (all: readonly number[] | undefined, is: (v: number) => boolean) => (all?.filter(is).length ?? 0) / 40;
  expect(share(nan, Number.isNaN)).toBeGreaterThan(0.02);
  expect(share(nan, Number.isNaN)).toBeLessThan(0.4);
  expect(nan?.filter((v, i) => !Number.isNaN(v) && v !== base?.[i])).toEqual([]);
  expect(new Set(infinity?.filter((v) => !Number.isFinite(v))).size).toBe(2);
  expect(share(denormal, (v) => v !== 0 && Math.abs(v) < 2 ** -126)).toBeGreaterThan(0.02);
  expect(samples[2]?.tensors.get('ids')).toEqual(samples[0]?.tensors.get('ids'));
});

test('every float dtype has its own denormals; a model without floats has no special samples', async () => {
  for (const [dtype, smallest] of [
    ['float64', 2 ** -1022],
    ['bfloat16', 2 ** -126],
    ['float16', 2 ** -14],
  ] as const) {
    const samples = await generate([{ name: 'x', dtype, shape: [9] }], true);
    const [first] = values(samples.at(-1)?.tensors.get('x'));
    expect(Math.abs(first as number), dtype).toBeLessThan(smallest);
    expect(first, dtype).not.toBe(0);
  }
  expect((await generate([{ name: 'x', dtype: 'int64', shape: [9] }], true)).length).toBe(2);
});
