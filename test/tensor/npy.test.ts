import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { stringTensor, tensorFrom } from '../../src/tensor/build.ts';
import { parseNpy, readNpy, serializeNpy, writeNpy } from '../../src/tensor/npy.ts';
import { parseNpz } from '../../src/tensor/npz.ts';
import { serializeSafetensors } from '../../src/tensor/safetensors.ts';
import { elementCount } from '../../src/tensor/tensor.ts';
import { readTensorFile } from '../../src/tensor/tensor-file.ts';
import { valueAt } from '../../src/tensor/values.ts';
import { errorOf, example, NUMERIC, scratch } from './helpers.ts';

const vectors = JSON.parse(readFileSync(new URL('numpy-vectors.json', import.meta.url), 'utf8'));
const decode = (base64: string) => new Uint8Array(Buffer.from(base64, 'base64'));

test.each(Object.keys(vectors.numbers))('reads numpy’s %s', (kind) => {
  const tensor = parseNpy(decode(vectors.numbers[kind].npy), 'a.npy');
  expect(tensor.shape).toEqual([2, 3, 4]);
  const values = Array.from({ length: elementCount(tensor.shape) }, (_, i) => String(valueAt(tensor, i)));
  expect(values).toEqual(vectors.numbers[kind].values);
});

test('reads booleans, scalars, empty arrays and strings of either kind and order', () => {
  const words = ['a', 'größe', '日本', '😀!'];
  expect(parseNpy(decode(vectors.bool), 'a')).toEqual(tensorFrom('bool', [3], [1, 0, 1]));
  expect(parseNpy(decode(vectors.scalar), 'a')).toEqual(tensorFrom('float32', [], [2.5]));
  expect(parseNpy(decode(vectors.empty), 'a')).toEqual(tensorFrom('float32', [0, 3], []));
  for (const kind of ['unicode', 'unicodeBigEndian', 'unicodeFortran']) {
    expect(parseNpy(decode(vectors[kind]), 'a')).toEqual(stringTensor([2, 2], words));
  }
  expect(parseNpy(decode(vectors.bytes), 'a')).toEqual(stringTensor([3], ['a', 'bc', 'größe']));
});

test.each([
  ['objects', 'a.npy is not a readable npy file: it holds Python objects, which are a pickle'],
  ['complex', 'it holds complex numbers'],
  ['structured', 'it holds raw or structured elements'],
  ['bfloat16', 'it holds raw or structured elements (bfloat16 arrays are saved so)'],
])('refuses %s and says what to do', (kind, message) => {
  const error = errorOf(() => parseNpy(decode(vectors[kind]), 'a.npy'));
  expect(error.code).toBe('tensor-file-invalid');
  expect(error.message).toContain(message);
});

test('refuses truncation at any byte and anything after the array', () => {
  const bytes = decode(vectors.numbers['<f4'].npy);
  for (let length = 0; length < bytes.length; length++) errorOf(() => parseNpy(bytes.subarray(0, length), 'a.npy'));
  const twice = new Uint8Array([...bytes, ...bytes]);
  expect(errorOf(() => parseNpy(twice, 'a.npy')).message).toContain('more than one array in the file?');
});

test('what it writes it reads, byte for byte as numpy writes it', () => {
  for (const dtype of NUMERIC.filter((d) => d !== 'bfloat16')) {
    expect(parseNpy(serializeNpy(example(dtype)), 'a')).toEqual(example(dtype));
  }
  const path = join(scratch(), 'a.npy');
  writeNpy(path, stringTensor([2], ['ö', '']));
  expect(readNpy(path)).toEqual(stringTensor([2], ['ö', '']));
  expect(Buffer.from(serializeNpy(tensorFrom('float32', [], [2.5]))).toString('base64')).toBe(vectors.scalar);
  expect(Buffer.from(serializeNpy(tensorFrom('bool', [3], [1, 0, 1]))).toString('base64')).toBe(vectors.bool);
  expect(errorOf(() => serializeNpy(example('bfloat16'))).message).toBe('npy has no bfloat16');
});

test.each(['npz', 'npzCompressed'])('reads numpy’s %s', (kind) => {
  expect([...parseNpz(decode(vectors[kind]), 'a.npz')]).toEqual([
    ['x', tensorFrom('float32', [2, 3], [0, 1, 2, 3, 4, 5])],
    ['mask', tensorFrom('bool', [2], [1, 0])],
    ['größe', tensorFrom('int64', [], [7])],
  ]);
});

test('a damaged npz is refused wherever the damage is, never misread', () => {
  for (const kind of ['npz', 'npzCompressed']) {
    const bytes = decode(vectors[kind]);
    for (let length = 0; length < bytes.length; length += 7)
      errorOf(() => parseNpz(bytes.subarray(0, length), 'a.npz'));
    const data = bytes.slice();
    const at = Buffer.from(data).indexOf('x.npy') + 60;
    data[at] = (data[at] as number) ^ 0xff;
    expect(errorOf(() => parseNpz(data, 'a.npz')).message).toMatch(/a.npz is not a readable zip: "x.npy" is damaged/);
  }
});

test('tensor files are told apart by content, whatever they are called', () => {
  const dir = scratch();
  const file = (name: string, bytes: Uint8Array | string) => {
    writeFileSync(join(dir, name), bytes);
    return join(dir, name);
  };
  const x = tensorFrom('float32', [2], [1, 2]);
  expect([...readTensorFile(file('my data.bin', serializeNpy(x)))]).toEqual([['my data', x]]);
  expect([...readTensorFile(file('b.npy', decode(vectors.npz))).keys()]).toEqual(['x', 'mask', 'größe']);
  expect([...readTensorFile(file('c.npz', serializeSafetensors(new Map([['y', x]]))))]).toEqual([['y', x]]);
  expect(errorOf(() => readTensorFile(file('d.npz', 'hello'))).message).toContain(
    'd.npz is not a tensor file: it starts with 68 65',
  );
  expect(errorOf(() => readTensorFile(file('e.npz', ''))).message).toContain('it is empty');
});
