import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type InputPlan, type SamplePlan, samplePlan } from '../../src/records/rules.ts';
import { generateSamples } from '../../src/sample/generate.ts';
import { readSafetensors } from '../../src/tensor/safetensors.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { toFloat64 } from '../../src/tensor/values.ts';
import { scratch } from '../tensor/helpers.ts';

type Samples = Map<string, ReadonlyMap<string, Tensor>>;

async function generate(inputs: InputPlan[], rest: Partial<SamplePlan> = {}): Promise<Samples> {
  const dir = scratch();
  const plan = samplePlan.parse({ inputs, portfolio: null, files: [], dims: {}, seed: 1, ...rest });
  const { samples } = await generateSamples(plan, dir);
  return new Map(samples.map(({ id, file }) => [id, readSafetensors(join(dir, file))]));
}

const values = (tensor: Tensor | undefined): number[] => Array.from(toFloat64(tensor as Tensor));
const all = (samples: Samples, input: string): number[] =>
  [...samples.values()].flatMap((tensors) => values(tensors.get(input)));

const rowsOf = (tensor: Tensor | undefined): number[][] => {
  const flat = values(tensor);
  const width = tensor?.shape.at(-1) ?? 1;
  return Array.from({ length: flat.length / width }, (_, i) => flat.slice(i * width, (i + 1) * width));
};

test('one input is drawn anew while the others stay as in the first sample', async () => {
  const inputs: InputPlan[] = ['a', 'b', 'c'].map((name) => ({ name, dtype: 'float32', shape: ['batch', 3] }));
  const samples = await generate(inputs);
  const base = samples.get('normal');
  for (const { name } of inputs) {
    const varied = samples.get(`vary[${name}]`);
    for (const other of inputs) {
      const same = expect(values(varied?.get(other.name)), `${other.name} in vary[${name}]`);
      if (other.name === name) same.not.toEqual(values(base?.get(name)));
      else same.toEqual(values(base?.get(other.name)));
    }
  }
  const many = await generate(
    Array.from({ length: 30 }, (_, i) => ({ name: `past${i}`, dtype: 'float32', shape: ['batch', 3] })),
  );
  expect([...many.keys()].filter((id) => id.startsWith('vary')).length).toBe(6);
});

test('dynamic sizes reach a prime beyond kernel blocks, unless a sample would become large', async () => {
  const small = await generate([{ name: 'x', dtype: 'float32', shape: ['batch', 'seq'] }]);
  expect([...small.keys()]).toContain('normal[seq=257]');
  const wide = await generate([{ name: 'x', dtype: 'float32', shape: ['batch', 'seq', 4096] }]);
  expect([...wide.keys()]).toContain('normal[seq=13]');
  expect([...wide.keys()]).not.toContain('normal[seq=257]');
  const asked = await generate([{ name: 'x', dtype: 'float32', shape: [1, 'seq', 4096] }], { dims: { seq: [257] } });
  expect(asked.get('normal')?.get('x')?.shape).toEqual([1, 257, 4096]);
  const picture = await generate([{ name: 'x', dtype: 'float32', shape: ['batch', 3, 224, 224] }]);
  expect(picture.size).toBeLessThan(16);
});

test('a divisor is signed and never zero', async () => {
  const samples = await generate([
    { name: 'a', dtype: 'int64', shape: ['batch', 9], role: 'dividend', range: [-100, 100], because: 'Div' },
    { name: 'b', dtype: 'int64', shape: ['batch', 9], role: 'divisor', range: [-100, 100], because: 'Div' },
  ]);
  expect(all(samples, 'b')).not.toContain(0);
  expect(Math.min(...all(samples, 'b'))).toBe(-100);
  expect(Math.max(...all(samples, 'b'))).toBe(100);
  expect(all(samples, 'a')).toContain(0);
  const bytes = await generate([{ name: 'b', dtype: 'uint8', shape: ['batch', 9], role: 'divisor' }]);
  expect(Math.min(...all(bytes, 'b'))).toBe(1);
  expect(Math.max(...all(bytes, 'b'))).toBe(255);
});

test('what looks something up stays below the size of its dimension in every sample', async () => {
  const samples = await generate([
    { name: 'x', dtype: 'float32', shape: ['batch', 'seq', 4] },
    { name: 'at', dtype: 'int64', shape: ['batch', 20], role: 'index', below: ['seq'], because: 'Gather' },
    { name: 'other', dtype: 'int64', shape: ['batch', 20], role: 'index', below: ['tokens'], because: 'Gather' },
  ]);
  for (const [id, tensors] of samples) {
    const size = tensors.get('x')?.shape[1] as number;
    expect(Math.max(...values(tensors.get('at'))), id).toBeLessThan(size);
    expect(Math.min(...values(tensors.get('at'))), id).toBeGreaterThanOrEqual(0);
    // A dimension that has another name here may be the smallest one.
    expect(Math.max(...values(tensors.get('other'))), id).toBeLessThan(Math.min(size, tensors.get('x')?.shape[0] ?? 0));
  }
  expect(Math.max(...values(samples.get('normal[seq=257]')?.get('at')))).toBeGreaterThan(100);
});

test('one place of a one-hot row is set, and sorted rows rise', async () => {
  const samples = await generate([
    { name: 'state', dtype: 'float32', shape: ['batch', 6], role: 'one-hot' },
    { name: 'times', dtype: 'float32', shape: ['batch', 6], role: 'sorted' },
  ]);
  for (const [id, tensors] of samples) {
    for (const row of rowsOf(tensors.get('state'))) expect(row.toSorted(), id).toEqual([0, 0, 0, 0, 0, 1]);
    for (const row of rowsOf(tensors.get('times'))) expect(row, id).toEqual(row.toSorted((a, b) => a - b));
  }
  const places = rowsOf(samples.get('normal[batch=3]')?.get('state')).map((row) => row.indexOf(1));
  expect(places.length).toBe(3);
});

test('sound gets enough of it; what the user says of a role bounds values, what a graph says does not', async () => {
  const wave: InputPlan = { name: 'wave', dtype: 'float32', shape: ['batch', 'time'], role: 'audio' };
  const said = await generate([wave]);
  expect(said.get('normal')?.get('wave')?.shape).toEqual([2, 4096]);
  expect(all(said, 'wave').every((v) => Math.abs(v) <= 1)).toBe(true);
  const read = await generate([{ ...wave, because: 'Conv' }]);
  expect([...read.keys()]).toContain('large');
  const picture: InputPlan = { name: 'x', dtype: 'float32', shape: [1, 3, 8, 8], role: 'image' };
  expect([...(await generate([picture])).keys()]).not.toContain('negative');
  expect([...(await generate([{ ...picture, because: 'Conv' }])).keys()]).toContain('negative');
});

test('an additive mask is padded with its lowest value', async () => {
  const samples = await generate([
    { name: 'm', dtype: 'float32', shape: ['batch', 'seq'], role: 'mask', range: [-10000, 0], because: 'Add' },
  ]);
  expect(new Set(all(samples, 'm'))).toEqual(new Set([0, -10000]));
  expect(
    rowsOf(samples.get('mask-empty-row')?.get('m'))
      .at(-1)
      ?.every((v) => v === -10000),
  ).toBe(true);
});

test('what was read from a graph is said with its reason, the user’s own words are not', async () => {
  const plan = samplePlan.parse({
    inputs: [
      { name: 'ids', dtype: 'int64', shape: [4], role: 'token-ids', range: [0, 99], because: 'Gather looks it up' },
      { name: 'mine', dtype: 'int64', shape: [4], role: 'token-ids', range: [0, 9] },
    ],
    portfolio: null,
    files: [],
    dims: {},
    seed: 1,
  });
  const { findings } = await generateSamples(plan, scratch());
  expect(findings).toEqual([
    {
      code: 'input-role',
      severity: 'info',
      where: 'input ids',
      args: { input: 'ids', role: 'token-ids', range: [0, 99], because: 'Gather looks it up' },
    },
  ]);
});
