import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { sha256 } from '../../src/core/hash.ts';
import { type InputPlan, type SamplePlan, samplePlan } from '../../src/records/rules.ts';
import { sample as sampleSchema } from '../../src/records/sample.ts';
import { generateSamples } from '../../src/sample/generate.ts';
import { readSafetensors } from '../../src/tensor/safetensors.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { toFloat64 } from '../../src/tensor/values.ts';
import { scratch } from '../tensor/helpers.ts';

const image: InputPlan = { name: 'image', dtype: 'float32', shape: ['batch', 1, 8, 8] };

const plan = (inputs: InputPlan[], rest: Partial<SamplePlan> = {}): SamplePlan =>
  samplePlan.parse({ inputs, portfolio: null, files: [], dims: {}, seed: 1, ...rest });

/** Id → tensors, after checking that the records tell the truth about the files. */
async function generate(p: SamplePlan): Promise<Map<string, ReadonlyMap<string, Tensor>>> {
  const dir = scratch();
  const { samples } = await generateSamples(p, dir);
  expect(readdirSync(dir).sort()).toEqual(samples.map(({ file }) => file));
  expect(new Set(samples.map(({ id }) => id)).size).toBe(samples.length);
  expect(new Set(samples.map(({ digest }) => digest)).size).toBe(samples.length);
  return new Map(
    samples.map((sample) => {
      sampleSchema.parse(sample);
      expect(sha256(readFileSync(join(dir, sample.file)))).toBe(sample.digest);
      const tensors = readSafetensors(join(dir, sample.file));
      expect([...tensors].map(([name, { dtype, shape }]) => ({ name, dtype, shape }))).toEqual(sample.inputs);
      return [sample.id, tensors];
    }),
  );
}

const values = (tensor: Tensor | undefined): number[] => Array.from(toFloat64(tensor as Tensor));
const shapes = (samples: Map<string, ReadonlyMap<string, Tensor>>, input: string): Record<string, string> =>
  Object.fromEntries([...samples].map(([id, tensors]) => [id, (tensors.get(input)?.shape ?? []).join('x')]));

test('an unbounded float input gets the whole portfolio and the batch sweep', async () => {
  const samples = await generate(plan([image]));
  expect([...samples.keys()]).toEqual([
    'normal',
    'zeros',
    'normal[batch=1]',
    'normal[batch=3]',
    'ramp',
    'large',
    'impulse',
    'uniform',
    'negative',
    'small',
    'ones',
  ]);
  const of = (id: string) => values(samples.get(id)?.get('image'));
  expect(of('zeros').every((v) => v === 0)).toBe(true);
  expect(of('ones').every((v) => v === 1)).toBe(true);
  expect(of('negative').every((v) => v < 0)).toBe(true);
  expect(of('uniform').every((v) => v >= -1 && v <= 1)).toBe(true);
  expect(of('ramp')).toEqual(of('ramp').toSorted((a, b) => a - b));
  expect([of('ramp')[0], of('ramp').at(-1)]).toEqual([-1, 1]);
  expect(of('impulse').filter((v) => v !== 0)).toEqual([1, 1]);
  expect(Math.max(...of('large').map(Math.abs))).toBeGreaterThan(88.8);
  expect(Math.max(...of('small').map(Math.abs))).toBeLessThan(0.01);
  const normal = of('normal');
  expect(Math.abs(normal.reduce((a, b) => a + b) / normal.length)).toBeLessThan(0.3);
  expect(normal.every(Number.isFinite)).toBe(true);
});

test('no sample leaves a given range, and generators without room in it are left out', async () => {
  for (const dtype of ['float32', 'float64', 'float16', 'bfloat16', 'uint8', 'int64', 'uint64'] as const) {
    const samples = await generate(plan([{ ...image, dtype, range: [0, 16] }]));
    expect([...samples.keys()]).not.toContain('negative');
    expect([...samples.keys()]).not.toContain('large');
    expect([...samples.keys()]).toContain('extremes');
    for (const [id, tensors] of samples) {
      const all = values(tensors.get('image'));
      expect(
        all.every((v) => v >= 0 && v <= 16),
        `${dtype} ${id}`,
      ).toBe(true);
    }
    expect(new Set(values(samples.get('extremes')?.get('image')))).toEqual(new Set([0, 16]));
  }
  const shifted = await generate(plan([{ ...image, range: [500, 1000] }]));
  expect([...shifted.keys()].filter((id) => !id.includes('['))).toEqual([
    'normal',
    'extremes',
    'ramp',
    'impulse',
    'uniform',
  ]);
  const all = await generate(plan([{ ...image, dtype: 'float64', range: [-Number.MAX_VALUE, Number.MAX_VALUE] }]));
  for (const tensors of all.values()) expect(values(tensors.get('image')).every(Number.isFinite)).toBe(true);
});

test('integers cover their range, their ends and both sides of zero', async () => {
  const ids: InputPlan = { name: 'ids', dtype: 'int64', shape: ['batch', 'seq'], range: [0, 30521] };
  const samples = await generate(plan([ids]));
  expect(new Set(values(samples.get('extremes')?.get('ids')))).toEqual(new Set([0, 30521]));
  const ramp = values(samples.get('ramp')?.get('ids'));
  expect([ramp[0], ramp.at(-1)]).toEqual([0, 30521]);
  const signed = await generate(plan([{ ...ids, range: [-5, 5] }]));
  expect(values(signed.get('negative')?.get('ids')).every((v) => v >= -5 && v < 0)).toBe(true);
  const wide = await generate(plan([{ ...ids, range: [-(2 ** 62), 2 ** 62] }]));
  expect(values(wide.get('negative')?.get('ids')).every((v) => v < 0)).toBe(true);
});

test('an assumed integer range is said, and where it may be assumed silently it is not', async () => {
  const spec = (name: string, rest: Partial<InputPlan> = {}): InputPlan => ({
    name,
    dtype: 'int64',
    shape: ['batch', 4],
    ...rest,
  });
  const inputs = [
    spec('ids'),
    spec('token_type_ids'),
    spec('attention_mask'),
    spec('pixels', { dtype: 'uint8' }),
    spec('known', { range: [0, 5] }),
  ];
  const { findings } = await generateSamples(plan(inputs), scratch());
  expect(findings).toEqual([
    { code: 'range-assumed', severity: 'info', where: 'input ids', args: { low: 0, high: 9 } },
    { code: 'range-assumed', severity: 'info', where: 'input token_type_ids', args: { low: 0, high: 1 } },
  ]);
});

test('only listed values are used, strings and booleans too', async () => {
  const samples = await generate(
    plan([
      { name: 'x', dtype: 'float32', shape: ['batch', 5], values: [3, -2, 0.5] },
      { name: 's', dtype: 'string', shape: ['batch'], values: ['x', 'größe'] },
      { name: 't', dtype: 'string', shape: ['batch', 2] },
      { name: 'b', dtype: 'bool', shape: ['batch'] },
    ]),
  );
  for (const tensors of samples.values()) {
    expect(values(tensors.get('x')).every((v) => [3, -2, 0.5].includes(v))).toBe(true);
    const strings = (name: string) => Array.from(tensors.get(name)?.strings ?? []);
    expect(strings('s').every((v) => ['x', 'größe'].includes(v))).toBe(true);
    expect(strings('t').every((v) => ['a', 'b', ''].includes(v))).toBe(true);
    expect(values(tensors.get('b')).every((v) => v === 0 || v === 1)).toBe(true);
  }
  expect([...samples.keys()]).toContain('negative');
});

test('the same name is the same size, and each dynamic dimension is swept alone', async () => {
  const samples = await generate(
    plan([
      { name: 'ids', dtype: 'int32', shape: ['batch', 'seq'], range: [0, 9] },
      { name: 'mask', dtype: 'int32', shape: ['batch', 'seq'] },
      { name: 'past', dtype: 'float32', shape: ['batch', 'past_len', 4] },
    ]),
  );
  const ids = shapes(samples, 'ids');
  expect(shapes(samples, 'mask')).toEqual(ids);
  expect(ids).toMatchObject({
    normal: '2x8',
    'normal[batch=1]': '1x8',
    'normal[batch=3]': '3x8',
    'normal[seq=1]': '2x1',
    'normal[seq=13]': '2x13',
    'normal[past_len=7]': '2x8',
  });
  expect(shapes(samples, 'past')).toMatchObject({
    'normal[seq=3]': '2x8x4',
    'normal[past_len=7]': '2x7x4',
    'normal[batch=3]': '3x8x4',
  });
});

test('unnamed dimensions: a leading one in every input is the batch, others are shared by position', async () => {
  const samples = await generate(
    plan([
      { name: 'a', dtype: 'float32', shape: [null, null] },
      { name: 'b', dtype: 'float32', shape: [null, null] },
      { name: 'c', dtype: 'float32', shape: [null, null, 3] },
    ]),
  );
  const a = shapes(samples, 'a');
  expect(shapes(samples, 'b')).toEqual(a);
  expect(a).toMatchObject({ normal: '2x8', 'normal[batch=3]': '3x8', 'normal[a.axis1=1]': '2x1' });
  expect(shapes(samples, 'c')).toMatchObject({
    normal: '2x8x3',
    'normal[a.axis1=1]': '2x8x3',
    'normal[c.axis1=1]': '2x1x3',
  });
  const scalar = shapes(
    await generate(
      plan([
        { name: 'x', dtype: 'float32', shape: ['N', 3] },
        { name: 'k', dtype: 'float32', shape: [] },
      ]),
    ),
    'x',
  );
  expect(scalar).toMatchObject({ normal: '2x3', 'normal[N=1]': '1x3' });
});

test('sizes that the user gave are used exactly', async () => {
  const samples = await generate(
    plan([{ name: 'x', dtype: 'float32', shape: ['batch', 'seq'] }], { dims: { batch: [4], seq: [512, 16, 128] } }),
  );
  expect(new Set(Object.values(shapes(samples, 'x')))).toEqual(new Set(['4x128', '4x16', '4x512']));
  const zero = await generate(
    plan([{ name: 'x', dtype: 'float32', shape: ['batch', 2] }], { dims: { batch: [0, 2] } }),
  );
  expect(shapes(zero, 'x')).toMatchObject({ normal: '0x2', 'normal[batch=2]': '2x2' });
});

test('masks are right-padded, and one sample has a row of padding only', async () => {
  for (const dtype of ['bool', 'int64', 'float32'] as const) {
    const samples = await generate(
      plan([
        { name: 'x', dtype: 'float32', shape: ['batch', 'seq', 4] },
        { name: 'attention_mask', dtype, shape: ['batch', 'seq'] },
      ]),
    );
    const rows = (id: string): number[][] => {
      const mask = samples.get(id)?.get('attention_mask') as Tensor;
      const { shape } = mask;
      const flat = values(mask);
      return Array.from({ length: shape[0] as number }, (_, i) =>
        flat.slice(i * (shape[1] as number), (i + 1) * (shape[1] as number)),
      );
    };
    const sums = (id: string) => rows(id).map((row) => row.reduce((a, b) => a + b));
    for (const id of samples.keys()) {
      for (const row of rows(id)) expect(row, id).toEqual(row.toSorted((a, b) => b - a));
      if (id !== 'mask-empty-row') expect(Math.min(...sums(id)), id).toBeGreaterThan(0);
    }
    expect(sums('mask-full')).toEqual([8, 8]);
    expect(sums('mask-single')).toEqual([1, 1]);
    expect(sums('mask-empty-row')).toEqual([8, 0]);
    expect(new Set([...samples.keys()].filter((id) => !id.startsWith('mask')).flatMap(sums)).size).toBeGreaterThan(3);
  }
});

test('lengths stay within the sequence they count', async () => {
  const samples = await generate(
    plan([
      { name: 'x', dtype: 'float32', shape: ['batch', 'time', 4] },
      { name: 'n', dtype: 'int64', shape: ['batch'], role: 'lengths' },
    ]),
  );
  for (const [id, tensors] of samples) {
    const longest = tensors.get('x')?.shape[1] as number;
    expect(
      values(tensors.get('n')).every((v) => v >= 1 && v <= longest),
      id,
    ).toBe(true);
  }
});

test('a portfolio of n is the first n of the whole', async () => {
  const whole = [...(await generate(plan([image]))).keys()];
  for (const n of [0, 1, 3, 7])
    expect([...(await generate(plan([image], { portfolio: n }))).keys()]).toEqual(whole.slice(0, n));
});

test('seeds change samples, other inputs do not', async () => {
  const bytes = async (p: SamplePlan) =>
    Buffer.from((await generate(p)).get('normal')?.get('image')?.data ?? []).toString('hex');
  const first = await bytes(plan([image]));
  expect(await bytes(plan([image]))).toBe(first);
  expect(await bytes(plan([{ ...image, name: 'other' }, image]))).toBe(first);
  expect(await bytes(plan([image], { seed: 2 }))).not.toBe(first);
});

test('digests are the same on every machine', async () => {
  const { samples } = await generateSamples(plan([image], { portfolio: 4 }), scratch());
  expect(Object.fromEntries(samples.map(({ id, digest }) => [id, digest.slice(0, 16)]))).toMatchInlineSnapshot(`
    {
      "normal": "cc9b40d319f4f027",
      "normal[batch=1]": "6a56011ad587fae8",
      "normal[batch=3]": "d1055f19d2f4e893",
      "zeros": "658986fa9f8eeb10",
    }
  `);
});

test('fixed shapes, scalars, empty tensors and no inputs at all', async () => {
  expect([...(await generate(plan([]))).keys()]).toEqual(['normal']);
  const scalar = await generate(plan([{ name: 'x', dtype: 'float32', shape: [] }]));
  expect(scalar.size).toBeGreaterThan(4);
  const empty = await generate(plan([{ name: 'x', dtype: 'float32', shape: [0, 3] }]));
  expect([...empty.keys()]).toEqual(['normal']);
  const one = await generate(plan([{ name: 'x', dtype: 'int32', shape: [1], range: [3, 3] }]));
  expect(values(one.get('normal')?.get('x'))).toEqual([3]);
});

test('legal values that are none are refused', async () => {
  const x: InputPlan = { name: 'x', dtype: 'uint8', shape: [1] };
  await expect(generateSamples(plan([{ ...x, range: [3, 1] }]), scratch())).rejects.toMatchObject({
    code: 'range-empty',
    message: 'input x: no uint8 lies in the range [3, 1]',
  });
  await expect(generateSamples(plan([{ ...x, range: [0.2, 0.8] }]), scratch())).rejects.toMatchObject({
    code: 'range-empty',
  });
  await expect(generateSamples(plan([{ ...x, values: [1, 300] }]), scratch())).rejects.toMatchObject({
    code: 'value-not-representable',
    message: 'input x: 300 in `values` is no uint8',
  });
  await expect(generateSamples(plan([{ ...x, values: ['a'] }]), scratch())).rejects.toMatchObject({
    code: 'value-not-representable',
  });
});
