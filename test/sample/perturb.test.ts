import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { digestFile } from '../../src/core/hash.ts';
import { random } from '../../src/core/random.ts';
import type { InputPlan } from '../../src/records/rules.ts';
import type { Sample } from '../../src/records/sample.ts';
import type { PerturbStep } from '../../src/records/variant.ts';
import { perturbSamples } from '../../src/sample/perturb.ts';
import { stringTensor, tensorFrom } from '../../src/tensor/build.ts';
import { readSafetensors, serializeSafetensors } from '../../src/tensor/safetensors.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { toFloat64 } from '../../src/tensor/values.ts';
import type { NumericDtype } from '../../src/tensor/views.ts';
import { scratch } from '../tensor/helpers.ts';

const normals = (n: number): Float64Array => {
  const out = new Float64Array(n);
  random('perturb test', n).fillNormal(out);
  return out;
};
const of = (dtype: NumericDtype, values: ArrayLike<number>): Tensor => tensorFrom(dtype, [values.length], values);

interface Options {
  readonly step?: PerturbStep;
  readonly seed?: number;
  readonly plan?: Partial<InputPlan>;
  readonly id?: string;
  readonly grid?: 'float64';
}

/** Before and after of one input `x`. */
function moved(tensor: Tensor, { step = 'float32', seed = 1, plan = {}, id = 'normal', grid }: Options = {}) {
  const [sampleDir, outDir] = [scratch(), join(scratch(), 'new')];
  writeFileSync(join(sampleDir, 'a.safetensors'), serializeSafetensors(new Map([['x', tensor]])));
  const sample: Sample = { id, generator: 'g', seed: 5, inputs: [], digest: 'old', file: 'a.safetensors' };
  const inputs: InputPlan[] = [{ name: 'x', dtype: tensor.dtype, shape: [null], ...plan }];
  const [out] = perturbSamples({ sampleDir, samples: [sample], inputs, step, seed, outDir, ...(grid && { grid }) });
  expect(out).toEqual({ ...sample, digest: digestFile(join(outDir, 'a.safetensors')) });
  const after = readSafetensors(join(outDir, 'a.safetensors')).get('x') as Tensor;
  expect({ ...after, data: 0 }).toEqual({ ...tensor, data: 0 });
  if (tensor.dtype === 'string') return { after, old: [], now: [], changed: -1 };
  const [old, now] = [Array.from(toFloat64(tensor)), Array.from(toFloat64(after))];
  return { after, old, now, changed: now.filter((v, i) => !Object.is(v, old[i])).length };
}

test('float32 inputs move by −1, 0 or +1 ulp, by seed, sample and name alone', () => {
  const x = of('float32', normals(3000));
  const { old, now, changed, after } = moved(x);
  const bits = (values: number[]) => new Int32Array(Float32Array.from(values).buffer);
  const by = bits(now).map((b, i) => b - (bits(old)[i] as number));
  expect([...new Set(by)].sort()).toEqual([-1, 0, 1]);
  // 2000 expected, standard deviation 26.
  expect(Math.abs(changed - 2000)).toBeLessThan(120);
  expect(moved(x).after.data).toEqual(after.data);
  expect(moved(x, { seed: 2 }).after.data).not.toEqual(after.data);
  expect(moved(x, { id: 'other' }).after.data).not.toEqual(after.data);
});

test('what is exact stays: integers, strings, whole numbers, exact roles, listed values, masks by name', () => {
  const x = of('float32', normals(100));
  expect(moved(x).changed).toBeGreaterThan(40);
  for (const role of ['image', 'audio', 'data', 'dividend'] as const)
    expect(moved(x, { plan: { role } }).changed, role).toBeGreaterThan(40);
  for (const role of [
    ...(['mask', 'lengths', 'index', 'token-ids', 'one-hot', 'timestep', 'sorted', 'boolean', 'divisor'] as const),
  ])
    expect(moved(x, { plan: { role } }).changed, role).toBe(0);
  expect(moved(x, { plan: { values: [0.5, 0.25] } }).changed).toBe(0);
  const pixels = Float64Array.from({ length: 100 }, (_, i) => (i * 7) % 256);
  for (const step of ['float32', 'float16', 'bfloat16', 'int8'] as const) {
    expect(moved(of('float32', pixels), { step }).changed).toBe(0);
    expect(moved(of('int64', pixels), { step }).changed).toBe(0);
    expect(moved(of('bool', pixels), { step }).changed).toBe(0);
  }
  expect(moved(stringTensor([2], ['a', 'b'])).after.strings).toEqual(['a', 'b']);
});

test('an input called a mask is one only while nobody said what it is', () => {
  const sampleDir = scratch();
  const tensor = of('float32', normals(64));
  writeFileSync(join(sampleDir, 'a'), serializeSafetensors(new Map([['attention_mask', tensor]])));
  const sample: Sample = { id: 's', generator: 'g', seed: 5, inputs: [], digest: '', file: 'a' };
  const run = (more: Partial<InputPlan>) => {
    const outDir = scratch();
    const inputs: InputPlan[] = [{ name: 'attention_mask', dtype: 'float32', shape: [64], ...more }];
    perturbSamples({ sampleDir, samples: [sample], inputs, step: 'float32', seed: 1, outDir });
    return readSafetensors(join(outDir, 'a')).get('attention_mask')?.data;
  };
  expect(run({})).toEqual(tensor.data);
  expect(run({ role: 'data' })).not.toEqual(tensor.data);
});

test('zeros move by 2^−24 of the rms, unless they are padding', () => {
  const values = normals(400).map((v, i) => (i % 4 === 0 ? 0 : v));
  const rms = Math.sqrt(values.reduce((sum, v) => sum + v * v, 0) / 400);
  const few = moved(of('float32', values));
  const zeros = few.now.filter((_, i) => i % 4 === 0);
  expect(new Set(zeros.map(Math.sign)).size).toBe(3);
  for (const z of zeros) if (z !== 0) expect(Math.abs(z) / rms / 2 ** -24).toBeCloseTo(1, 4);
  const padded = moved(
    of(
      'float32',
      normals(400).map((v, i) => (i % 4 !== 0 ? 0 : v)),
    ),
  );
  expect(padded.now.filter((v, i) => i % 4 !== 0 && v !== 0)).toEqual([]);
  expect(padded.changed).toBeGreaterThan(40);
});

test('lower precisions: relative roundoff, and for int8 half a step of the own range', () => {
  const values = normals(2000);
  const range = Math.max(...values) - Math.min(...values);
  for (const [step, limit] of [
    ['float16', () => 2 ** -11],
    ['bfloat16', () => 2 ** -8],
    ['int8', (v: number) => range / 510 / Math.abs(v)],
  ] as const) {
    const { old, now } = moved(of('float32', values), { step });
    const share = now.map((v, i) => Math.abs(v / (old[i] as number) - 1) / limit(old[i] as number));
    expect(Math.max(...share), step).toBeGreaterThan(0.99);
    // float32 itself adds 2^−24 relative.
    expect(Math.max(...share), step).toBeLessThan(1.01);
  }
});

test('half inputs move on their own grid; doubles by a float32 ulp, or their own on demand', () => {
  for (const step of ['float32', 'float16'] as const) {
    const { old, now, changed } = moved(of('float16', normals(300)), { step });
    expect(changed).toBeGreaterThan(150);
    for (const [i, v] of now.entries()) {
      const was = old[i] as number;
      expect(Math.abs(v - was)).toBeLessThanOrEqual(Math.abs(was) / 1024);
    }
  }
  const largest = ({ old, now }: ReturnType<typeof moved>) =>
    Math.max(...now.map((v, i) => Math.abs(v / (old[i] as number) - 1)));
  const doubles = of('float64', normals(300));
  expect(largest(moved(doubles))).toBeGreaterThan(2 ** -25);
  expect(largest(moved(doubles))).toBeLessThanOrEqual(2 ** -23);
  expect(largest(moved(doubles, { grid: 'float64' }))).toBeLessThanOrEqual(2 ** -52);
  expect(moved(doubles, { grid: 'float64' }).changed).toBeGreaterThan(150);
});

test('nothing leaves the legal range, and special values stay', () => {
  const values = Float64Array.from({ length: 400 }, (_, i) => [0, 1, 0.5, 0.25][i % 4] as number);
  for (const step of ['float32', 'float16', 'bfloat16', 'int8'] as const) {
    const { now, changed } = moved(of('float32', values), { step, plan: { range: [0, 1] } });
    expect(Math.min(...now)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...now)).toBeLessThanOrEqual(1);
    expect(changed).toBeGreaterThan(150);
  }
  const ends = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  const { now } = moved(of('float32', [...ends, ...normals(61)]), { step: 'int8' });
  expect(now.slice(0, 3)).toEqual(ends);
  expect(now.slice(3).every(Number.isFinite)).toBe(true);
});
