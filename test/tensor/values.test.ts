import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { cast, firstLoss, stringTensor, tensorFrom } from '../../src/tensor/build.ts';
import { fromBfloat16Bits, fromFloat16Bits, toBfloat16Bits, toFloat16Bits } from '../../src/tensor/half.ts';
import { dtypeLimits } from '../../src/tensor/limits.ts';
import { elementCount } from '../../src/tensor/tensor.ts';
import { type reader, toFloat64, valueAt } from '../../src/tensor/values.ts';
import { viewBytes } from '../../src/tensor/views.ts';
import { example, NUMERIC } from './helpers.ts';

const vectors = JSON.parse(readFileSync(new URL('numpy-vectors.json', import.meta.url), 'utf8'));
const bytes = (base64: string) => new Uint8Array(Buffer.from(base64, 'base64'));
const all = (tensor: Parameters<typeof reader>[0]) =>
  Array.from({ length: elementCount(tensor.shape) }, (_, i) => valueAt(tensor, i));

test('every float16 and bfloat16 survives the way to a number and back', () => {
  for (const [from, to, infinity] of [
    [fromFloat16Bits, toFloat16Bits, 0x7c00],
    [fromBfloat16Bits, toBfloat16Bits, 0x7f80],
  ] as const) {
    for (let bits = 0; bits < 65536; bits++) {
      const value = from(bits);
      if ((bits & 0x7fff) > infinity) expect(value).toBeNaN();
      else if (to(value) !== bits) expect.fail(`${bits} became ${to(value)}`);
    }
  }
});

test('16-bit floats are what numpy and ml_dtypes say they are', () => {
  const doubles = viewBytes('float64', bytes(vectors.doublesBase64));
  expect(Array.from(doubles, toFloat16Bits)).toEqual(vectors.float16Bits);
  expect(Array.from(doubles, toBfloat16Bits)).toEqual(vectors.bfloat16Bits);
  for (const [name, from] of [
    ['allFloat16', fromFloat16Bits],
    ['allBfloat16', fromBfloat16Bits],
  ] as const) {
    const expected = viewBytes('float32', bytes(vectors[name]));
    expect(Array.from(expected, (_, i) => from(i * 97))).toEqual(Array.from(expected));
  }
});

test.each(NUMERIC)('%s keeps its limits', (dtype) => {
  const [low, high] = dtypeLimits(dtype);
  const values = all(example(dtype)).map(Number);
  expect(values).toEqual([0, 1, low, high, dtype === 'bool' ? 1 : 2, dtype === 'bool' ? 1 : 3]);
  expect(Array.from(toFloat64(example(dtype)))).toEqual(values);
});

test('integers saturate and round half to even, floats overflow to infinity', () => {
  expect(all(tensorFrom('int8', [7], [-1000, 1000, 0.5, 1.5, 2.5, -0.5, -1.5]))).toEqual(
    [-128, 127, 0, 2, 2, -0, -2].map((v) => v + 0),
  );
  expect(all(tensorFrom('uint8', [2], [-1, 256]))).toEqual([0, 255]);
  expect(all(tensorFrom('int64', [4], [Number.POSITIVE_INFINITY, -Infinity, 2n ** 63n, -1.5]))).toEqual([
    2n ** 63n - 1n,
    -(2n ** 63n),
    2n ** 63n - 1n,
    -2n,
  ]);
  expect(all(tensorFrom('uint64', [3], [2n ** 64n - 1n, 2 ** 64, -1]))).toEqual([2n ** 64n - 1n, 2n ** 64n - 1n, 0n]);
  expect(all(tensorFrom('float16', [2], [65519, 65520]))).toEqual([65504, Number.POSITIVE_INFINITY]);
  expect(all(tensorFrom('bool', [3], [0, -0, 7]))).toEqual([0, 0, 1]);
  expect(() => tensorFrom('int32', [1], [Number.NaN])).toThrow('NaN has no integer');
  expect(() => tensorFrom('int32', [2, 2], [1])).toThrow('1 values do not fill a tensor of shape [2, 2]');
});

test('0-d and empty tensors are tensors', () => {
  expect(all(tensorFrom('float32', [], [2.5]))).toEqual([2.5]);
  expect(all(tensorFrom('float32', [0, 3], []))).toEqual([]);
  expect(all(stringTensor([2], ['a', 'é']))).toEqual(['a', 'é']);
  expect(() => valueAt(tensorFrom('float32', [1], [1]), 1)).toThrow(RangeError);
});

test('misaligned bytes are read all the same', () => {
  const source = new Uint8Array(9);
  new DataView(source.buffer).setFloat64(1, 1.25, true);
  expect(valueAt({ dtype: 'float64', shape: [], data: source.subarray(1) }, 0)).toBe(1.25);
});

test('a cast says where it would lose something', () => {
  const doubles = tensorFrom('float64', [3], [1, 0.5, 0.1]);
  expect(firstLoss(doubles, 'float32')).toBe(2);
  expect(firstLoss(tensorFrom('float64', [2], [1, Number.NaN]), 'float16')).toBe(-1);
  expect(firstLoss(tensorFrom('float64', [2], [1, Number.NaN]), 'int32')).toBe(1);
  expect(firstLoss(tensorFrom('int64', [1], [2n ** 53n + 1n]), 'float64')).toBe(0);
  expect(firstLoss(tensorFrom('int64', [2], [127, 128]), 'int8')).toBe(1);
  expect(all(cast(doubles, 'float32'))).toEqual([1, 0.5, Math.fround(0.1)]);
  expect(all(cast(tensorFrom('int64', [1], [2n ** 53n + 1n]), 'uint64'))).toEqual([2n ** 53n + 1n]);
});
