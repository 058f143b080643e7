import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type InputPlan, type SamplePlan, samplePlan } from '../../src/records/rules.ts';
import { generateSamples } from '../../src/sample/generate.ts';
import { stringTensor, tensorFrom } from '../../src/tensor/build.ts';
import { serializeNpy } from '../../src/tensor/npy.ts';
import { readSafetensors, serializeSafetensors } from '../../src/tensor/safetensors.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { reader, toFloat64 } from '../../src/tensor/values.ts';
import type { NumericDtype } from '../../src/tensor/views.ts';
import { scratch } from '../tensor/helpers.ts';

const x: InputPlan = { name: 'x', dtype: 'float32', shape: ['batch', 2] };

/** rows × 2, each row [n, n + 0.5]. */
const rows = (count: number, dtype: NumericDtype = 'float32'): Tensor =>
  tensorFrom(
    dtype,
    [count, 2],
    Array.from({ length: count * 2 }, (_, i) => i / 2),
  );

const write = (name: string, tensors: Record<string, Tensor>): string => {
  const path = join(scratch(), name);
  writeFileSync(
    path,
    name.endsWith('.npy')
      ? serializeNpy(Object.values(tensors)[0] as Tensor)
      : serializeSafetensors(new Map(Object.entries(tensors))),
  );
  return path;
};

async function generate(inputs: InputPlan[], paths: string[], rest: Partial<SamplePlan> = {}) {
  const dir = scratch();
  const files = paths.map((path) => ({ path, digest: '' }));
  const plan = samplePlan.parse({ inputs, portfolio: 0, files, dims: {}, seed: 1, ...rest });
  const { samples } = await generateSamples(plan, dir);
  return new Map(
    samples.map(({ id, file, generator }) => {
      expect(generator === 'file').toBe(id.startsWith('user:'));
      return [id, readSafetensors(join(dir, file))];
    }),
  );
}

const shapesOf = (samples: Awaited<ReturnType<typeof generate>>) =>
  [...samples].map(([id, tensors]) => `${id} ${[...tensors.values()].map(({ shape }) => shape.join('x')).join(' ')}`);

test('rows become chunks of 256, then other batch sizes of the same rows', async () => {
  const samples = await generate([x], [write('größe test.npy', { any: rows(600) })]);
  expect(shapesOf(samples)).toEqual([
    'user:größe test.npy#0 256x2',
    'user:größe test.npy#1 256x2',
    'user:größe test.npy#2 88x2',
    'user:größe test.npy[batch=1] 1x2',
    'user:größe test.npy[batch=2] 2x2',
    'user:größe test.npy[batch=3] 3x2',
  ]);
  const chunk = toFloat64(samples.get('user:größe test.npy#1')?.get('x') as Tensor);
  expect([chunk[0], chunk.at(-1)]).toEqual([256, 511.5]);
  for (const [n, first] of toFloat64(samples.get('user:größe test.npy[batch=3]')?.get('x') as Tensor).entries()) {
    if (n % 2 === 0) expect(Number.isInteger(first)).toBe(true);
  }
});

test('a portfolio beside the user’s data does not sweep the batch again', async () => {
  const ids = [...(await generate([x], [write('d.npy', { a: rows(4) })], { portfolio: 2 })).keys()];
  expect(ids).toEqual([
    'user:d.npy#0',
    'user:d.npy[batch=1]',
    'user:d.npy[batch=2]',
    'user:d.npy[batch=3]',
    'normal',
    'zeros',
  ]);
  const all = [...(await generate([x], [write('d.npy', { a: rows(4) })], { portfolio: null })).keys()];
  expect(all.filter((id) => id.startsWith('normal'))).toEqual(['normal']);
});

test('a fixed batch gets chunks of its size, no row is lost', async () => {
  const samples = await generate([{ ...x, shape: [2, 2] }], [write('d.npy', { a: rows(5) })]);
  expect([...samples].map(([id, t]) => [id, Array.from(toFloat64(t.get('x') as Tensor))])).toEqual([
    ['user:d.npy#0', [0, 0.5, 1, 1.5]],
    ['user:d.npy#1', [2, 2.5, 3, 3.5]],
    ['user:d.npy#2', [3, 3.5, 4, 4.5]],
  ]);
  expect(shapesOf(await generate([{ ...x, shape: [5, 2] }], [write('d.npy', { a: rows(5) })]))).toEqual([
    'user:d.npy#0 5x2',
  ]);
});

test('several inputs, one of them without rows, strings, and a batch that is not the first axis', async () => {
  const inputs: InputPlan[] = [
    { name: 'seq', dtype: 'float32', shape: ['time', 'batch', 1] },
    { name: 'text', dtype: 'string', shape: ['batch'] },
    { name: 'scale', dtype: 'float32', shape: [] },
  ];
  const file = write('d.safetensors', {
    scale: tensorFrom('float32', [], [7]),
    text: stringTensor([3], ['a', 'b', 'c']),
    seq: tensorFrom('float32', [2, 3, 1], [0, 1, 2, 10, 11, 12]),
  });
  const samples = await generate(inputs, [file], { dims: { batch: [2] } });
  expect(shapesOf(samples)).toEqual(['user:d.safetensors#0 2x3x1 3 ', 'user:d.safetensors[batch=2] 2x2x1 2 ']);
  const picked = samples.get('user:d.safetensors[batch=2]');
  const first = Array.from(toFloat64(picked?.get('seq') as Tensor));
  const letters = picked?.get('text')?.strings?.map((s) => s.charCodeAt(0) - 97);
  expect(first).toEqual([...(letters ?? []), ...(letters ?? []).map((n) => n + 10)]);
  expect([...(picked?.keys() ?? [])]).toEqual(['seq', 'text', 'scale']);
});

test('two files of the same name, and one file twice', async () => {
  const first = write('d.npy', { a: rows(4) });
  mkdirSync(join(first, '../other'));
  const second = join(first, '../other/d.npy');
  writeFileSync(second, serializeNpy(rows(5)));
  const ids = [...(await generate([x], [first, second, first])).keys()];
  expect(ids.filter((id) => id.includes('#'))).toEqual(['user:d.npy#0', 'user:d.npy(2)#0']);
});

test('what numpy makes by default is made to fit where nothing is lost', async () => {
  const tried = async (from: NumericDtype, to: NumericDtype, values: number[]) => {
    const samples = await generate(
      [{ name: 'x', dtype: to, shape: [values.length] }],
      [write('d.npy', { a: tensorFrom(from, [values.length], values) })],
    );
    const tensor = samples.get('user:d.npy#0')?.get('x') as Tensor;
    expect(tensor.dtype).toBe(to);
    return values.map((_, i) => Number(reader(tensor)(i)));
  };
  expect(await tried('float64', 'float32', [0.1, 2])).toEqual([Math.fround(0.1), 2]);
  expect(await tried('int64', 'int32', [5, -5])).toEqual([5, -5]);
  expect(await tried('uint8', 'int64', [255])).toEqual([255]);
  expect(await tried('int64', 'bool', [0, 1])).toEqual([0, 1]);
  expect(await tried('float16', 'float32', [0.5])).toEqual([0.5]);
  await expect(tried('int64', 'int8', [1, 200])).rejects.toThrow(
    'd.npy: tensor d is int64 and holds 200, which int8 of input x cannot hold',
  );
  await expect(tried('uint8', 'float32', [1])).rejects.toThrow('d.npy: tensor d is uint8, but input x takes float32');
  await expect(tried('float32', 'int64', [1])).rejects.toMatchObject({
    code: 'input-mismatch',
    fix: 'save it as int64',
  });
  await expect(tried('float32', 'float16', [1])).rejects.toThrow('takes float16');
});

test('what does not fit is refused by name', async () => {
  const refused = async (inputs: InputPlan[], tensors: Record<string, Tensor>) => {
    const error = await generate(inputs, [write('d.safetensors', tensors)]).then(
      () => expect.fail('accepted'),
      (e) => e,
    );
    expect(error.code).toBe('input-mismatch');
    return `${error.message} → ${error.fix}`;
  };
  const mask: InputPlan = { name: 'mask', dtype: 'bool', shape: ['batch', 2] };
  const m = tensorFrom('bool', [4, 2], [1, 1, 1, 1, 1, 1, 1, 1]);
  expect(await refused([x, mask], { x: rows(4) })).toBe('d.safetensors lacks mask → save these tensors: x, mask');
  expect(await refused([x, mask], { a: rows(4), mask: m })).toBe(
    'd.safetensors lacks x and has a, which the model does not take → save these tensors: x, mask',
  );
  expect(await refused([x], { x: tensorFrom('float32', [2], [1, 2]) })).toBe(
    'd.safetensors: tensor x has shape [2], but input x has 2 dimensions: [batch, 2] → a leading axis may be missing: x[None]',
  );
  expect(await refused([{ ...x, shape: ['batch', 3] }], { x: rows(4) })).toContain(
    'd.safetensors: axis 1 of x has size 2, the model takes 3',
  );
  expect(await refused([{ ...x, shape: [5, 2] }], { x: rows(4) })).toContain(
    'axis 0 of x has size 4, the model takes 5',
  );
  expect(await refused([x, mask], { x: rows(3), mask: m })).toContain(
    'its tensors hold different numbers of rows (x 3, mask 4)',
  );
  expect(await refused([x], { x: rows(0) })).toContain('d.safetensors holds no rows');
  const seq = (name: string): InputPlan => ({ name, dtype: 'float32', shape: [1, 'seq'] });
  expect(
    await refused([seq('a'), seq('b')], {
      a: tensorFrom('float32', [1, 2], [1, 2]),
      b: tensorFrom('float32', [1, 3], [1, 2, 3]),
    }),
  ).toContain('dimension seq is 3 in b but 2 in a');
});

/** Labels of each sample: first row that counts, then the values. */
async function labelsOf(input: InputPlan, tensors: Record<string, Tensor>, labels = ['y']) {
  const dir = scratch();
  const files = [{ path: write('data.safetensors', tensors), digest: '' }];
  const plan = samplePlan.parse({ inputs: [input], portfolio: 0, files, dims: {}, seed: 1, labels });
  const { samples, findings } = await generateSamples(plan, dir);
  expect(findings).toEqual([]);
  return samples.map(({ id, labels: own }) => {
    if (own === undefined) return [id];
    const [[name, tensor]] = [...readSafetensors(join(dir, own.file))] as [[string, Tensor]];
    expect(own.tensors).toEqual([{ name, dtype: tensor.dtype, shape: tensor.shape }]);
    return [id, own.from, ...toFloat64(tensor)];
  });
}

test('labels go with the rows of their samples, and with no row twice', async () => {
  const y = (count: number): Tensor =>
    tensorFrom(
      'int64',
      [count],
      Array.from({ length: count }, (_, i) => BigInt(i)),
    );
  // Sweeps of the batch size repeat rows: no labels there.
  expect(await labelsOf(x, { x: rows(3), y: y(3) })).toEqual([
    ['user:data.safetensors#0', 0, 0, 1, 2],
    ['user:data.safetensors[batch=1]'],
    ['user:data.safetensors[batch=2]'],
    ['user:data.safetensors[batch=3]'],
  ]);
  // A batch of two from three rows: the second sample begins with a row of the first.
  expect(await labelsOf({ ...x, shape: [2, 2] }, { x: rows(3), y: y(3) })).toEqual([
    ['user:data.safetensors#0', 0, 0, 1],
    ['user:data.safetensors#1', 1, 1, 2],
  ]);
  await expect(labelsOf(x, { x: rows(3), y: y(2) })).rejects.toThrow(
    'data.safetensors: labels y hold 2 rows, the inputs 3',
  );
});

test('the same rows under other labels are another sample', async () => {
  const twice = tensorFrom('float32', [4, 2], [1, 2, 3, 4, 1, 2, 3, 4]);
  const fixed = { ...x, shape: [2, 2] };
  const other = await labelsOf(fixed, { x: twice, y: tensorFrom('int64', [4], [0n, 1n, 1n, 0n]) });
  expect(other.map(([, , ...labels]) => labels)).toEqual([
    [0, 1],
    [1, 0],
  ]);
  expect(await labelsOf(fixed, { x: twice, y: tensorFrom('int64', [4], [0n, 1n, 0n, 1n]) })).toHaveLength(1);
});
