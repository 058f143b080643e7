import { describe, expect, test } from 'vitest';
import { dtypeFromText, outputFrom } from '../../../src/observe/served/guess.ts';
import { flatJson, nestedJson, tensorOf } from '../../../src/observe/served/json-tensor.ts';
import { isList, type Json, parseJson } from '../../../src/observe/served/json-text.ts';
import { stringTensor, tensorFrom } from '../../../src/tensor/build.ts';
import type { Tensor } from '../../../src/tensor/tensor.ts';
import { reader } from '../../../src/tensor/values.ts';

const list = (text: string): readonly Json[] => {
  const value = parseJson(text);
  if (!isList(value)) throw new Error('no list');
  return value;
};
const values = (tensor: Tensor): unknown[] => {
  const read = reader(tensor);
  return Array.from({ length: tensor.shape.reduce((n, d) => n * d, 1) }, (_, i) => read(i));
};

describe('JSON as servers write it', () => {
  test('integers beyond 2^53 keep every digit', () => {
    const text = '[9007199254740993, -9223372036854775808, 9223372036854775807]';
    expect(values(tensorOf('y', 'int64', [3], list(text)))).toEqual([2n ** 53n + 1n, -(2n ** 63n), 2n ** 63n - 1n]);
    expect(values(tensorOf('y', 'uint64', [1], list('[18446744073709551615]')))).toEqual([2n ** 64n - 1n]);
  });

  test('NaN and infinities, bare or as protobuf writes them', () => {
    const text = '[NaN, Infinity, -Infinity, "NaN", "-Infinity", -0.0]';
    expect(values(tensorOf('y', 'float32', [6], list(text)))).toEqual([
      Number.NaN,
      Number.POSITIVE_INFINITY,
      Number.NEGATIVE_INFINITY,
      Number.NaN,
      Number.NEGATIVE_INFINITY,
      -0,
    ]);
  });

  test.each([
    ['int64', '[1.5]', /holds 1.5 at element 0, which is no int64/],
    ['uint8', '[1, 300]', /holds 300 at element 1, which is no uint8/],
    ['int32', '[NaN]', /holds NaN at element 0, which is no int32/],
    ['int64', '[9223372036854775808]', /holds 9223372036854775808 at element 0/],
    ['float32', '["1,5"]', /holds "1,5" at element 0/],
    ['float32', '[""]', /holds "" at element 0/],
    ['string', '[1]', /holds no text at element 0/],
  ] as const)('%s does not hold %s', (dtype, text, message) => {
    const elements = list(text);
    expect(() => tensorOf('y', dtype, [elements.length], elements)).toThrow(message);
  });

  test.each(['', '[1,', '{"a" 1}', '[1] x', '{a: 1}', "['a']", '[01]', '"\u0001"', '['.repeat(1000)])(
    '%j is refused',
    (text) => {
      expect(() => parseJson(text)).toThrow(expect.objectContaining({ code: 'served-garbage' }));
    },
  );

  test('names that JavaScript treats specially are names', () => {
    const value = parseJson('{"__proto__": 1, "10": 2, "a": "\\u00e9\\n\\"\\ud83d\\ude00"}') as Record<string, Json>;
    expect(Object.keys(value).sort()).toEqual(['10', '__proto__', 'a']);
    expect(value.a).toBe('é\n"😀');
  });

  test('a long text does not exhaust the stack', () => {
    const text = 'a\\n'.repeat(500_000);
    expect((parseJson(`"${text}"`) as string).length).toBe(1_000_000);
  });
});

describe('tensors as JSON', () => {
  test('come back as they were', () => {
    const all = [
      tensorFrom('int64', [2], [2n ** 53n + 1n, -1n]),
      tensorFrom('float32', [4], [0.1, 3, -0, Number.NaN]),
      tensorFrom('float64', [2], [1e300, 5e-324]),
      tensorFrom('bool', [2], [1, 0]),
      stringTensor([2], ['é"', 'a,b']),
    ];
    for (const tensor of all)
      expect(values(tensorOf('y', tensor.dtype, tensor.shape, list(flatJson(tensor))))).toEqual(values(tensor));
  });

  test('a float is seen to be one, and nesting follows the shape', () => {
    expect(nestedJson(tensorFrom('float32', [2, 2], [1, 2, 3, 4.5]))).toBe('[[1.0,2.0],[3.0,4.5]]');
    expect(nestedJson(tensorFrom('int32', [], [7]))).toBe('7');
    expect(nestedJson(tensorFrom('int32', [2, 0], []))).toBe('[[],[]]');
  });

  test('shape and dtype from the text where nobody tells', () => {
    expect(outputFrom('y', parseJson('[[1, 2, 3]]'), undefined)).toMatchObject({ dtype: 'int64', shape: [1, 3] });
    expect(outputFrom('y', parseJson('[0.10000000149011612]'), undefined).dtype).toBe('float32');
    expect(outputFrom('y', parseJson('[[], []]'), undefined).shape).toEqual([2, 0]);
    expect(outputFrom('y', parseJson('0.5'), undefined)).toMatchObject({ dtype: 'float32', shape: [] });
  });

  test.each([
    ['[0.1, 2.5e-8, 3.4028235e38, NaN]', 'float32'],
    ['[0.1, 0.1234567890123]', 'float64'],
    ['[1e300]', 'float64'],
    ['[1.0, 2.0]', 'float32'],
    ['[1, 2.5]', 'float32'],
    ['[true]', 'bool'],
    ['["a"]', 'string'],
  ])('%s reads as %s', (text, dtype) => {
    expect(dtypeFromText(list(text))).toBe(dtype);
  });
});
