import { join } from 'node:path';
import { expect, test } from 'vitest';
import { samplePlan } from '../../src/records/rules.ts';
import { generateSamples } from '../../src/sample/generate.ts';
import { tensorFrom } from '../../src/tensor/build.ts';
import { readSafetensors, writeSafetensors } from '../../src/tensor/safetensors.ts';
import { stepOf } from '../../src/tensor/steps.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { toFloat64 } from '../../src/tensor/values.ts';
import { scratch } from '../tensor/helpers.ts';

const PLAN = {
  inputs: [
    { name: 'x', dtype: 'float32', shape: ['batch', 3] },
    { name: 'mask', dtype: 'float32', shape: ['batch', 'total'], role: 'mask', range: [0, 1] },
    { name: 'past', dtype: 'float32', shape: ['batch', 'past', 2] },
    { name: 'h', dtype: 'float32', shape: ['batch', 4] },
  ],
  portfolio: 3,
  files: [],
  dims: {},
  seed: 1,
  sequence: {
    steps: 4,
    states: [
      { output: 'present', input: 'past', initial: 'zeros' },
      { output: 'h_out', input: 'h', initial: 'sample' },
    ],
    grow: { past: { from: 1, by: 2 }, total: { from: 3, by: 2 } },
    forced: false,
  },
};

async function generate(more: object = {}) {
  const dir = scratch();
  const { samples } = await generateSamples(samplePlan.parse({ ...PLAN, ...more }), dir);
  return samples.map((s) => ({ ...s, tensors: readSafetensors(join(dir, s.file)) }));
}

const numbers = (t: Tensor | undefined): number[] => [...toFloat64(t as Tensor)];

test('every step is drawn anew; states hold what they hold before the first', async () => {
  const [first, ...others] = await generate();
  expect(first?.inputs.map(({ name, shape }) => [name, shape])).toEqual([
    ['x', [2, 4, 3]],
    // As long as at the last step: 3 + 2 · 3.
    ['mask', [2, 4, 9]],
    ['past', [2, 1, 2]],
    ['h', [2, 4]],
  ]);
  const x = first?.tensors.get('x') as Tensor;
  const steps = [0, 1, 2, 3].map((step) => numbers(stepOf(x, step)).join());
  expect(new Set(steps).size).toBe(4);
  expect(numbers(first?.tensors.get('past'))).toEqual([0, 0, 0, 0]);
  expect(numbers(first?.tensors.get('h')).some((v) => v !== 0)).toBe(true);
  expect(others.map((s) => s.inputs[0]?.shape)).toContainEqual([1, 4, 3]);
});

test('the same plan gives the same bytes, another seed others', async () => {
  const digests = async (seed: number) => (await generate({ seed })).map((s) => s.digest);
  expect(await digests(1)).toEqual(await digests(1));
  expect(await digests(1)).not.toEqual(await digests(2));
});

test('the user’s data hold the steps behind the rows; a state that they lack starts as zeros', async () => {
  const path = join(scratch(), 'rows.safetensors');
  const ones = (shape: number[]) =>
    tensorFrom('float32', shape, new Float64Array(shape.reduce((n, d) => n * d, 1)).fill(1));
  writeSafetensors(
    path,
    new Map([
      ['x', ones([5, 4, 3])],
      ['mask', ones([5, 4, 9])],
      ['h', ones([5, 4])],
    ]),
  );
  const [first] = await generate({ portfolio: 0, files: [{ path, digest: '' }] });
  expect(first?.inputs.map(({ name, shape }) => [name, shape])).toEqual([
    ['x', [5, 4, 3]],
    ['mask', [5, 4, 9]],
    ['past', [5, 1, 2]],
    ['h', [5, 4]],
  ]);
  expect(numbers(first?.tensors.get('past')).every((v) => v === 0)).toBe(true);
});
