import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { stringTensor, tensorFrom } from '../../src/tensor/build.ts';
import { BYTES_PER_ELEMENT } from '../../src/tensor/dtype.ts';
import {
  parseSafetensors,
  readSafetensors,
  readSafetensorsHeader,
  readSafetensorsTensor,
  serializeSafetensors,
  writeSafetensors,
} from '../../src/tensor/safetensors.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { errorOf, example, NUMERIC, scratch } from './helpers.ts';

const everything = new Map<string, Tensor>([
  ...NUMERIC.map((dtype) => [dtype, example(dtype)] as const),
  ['words', stringTensor([2, 2], ['a', '', 'größe', '日本😀'])],
  ['no words', stringTensor([0], [])],
  ['one empty word', stringTensor([], [''])],
  ['empty', tensorFrom('float32', [2, 0], [])],
  ['10', tensorFrom('uint8', [], [1])],
  ['2', tensorFrom('float64', [1], [1])],
  ['__proto__', tensorFrom('uint8', [1], [1])],
  ['"quoted"\n', tensorFrom('uint8', [1], [1])],
]);

test('all dtypes, strings, odd names and the order survive a file', () => {
  const path = join(scratch(), 'größe ö.safetensors');
  const bytes = writeSafetensors(path, everything, new Map([['made by', 'a test']]));
  const back = readSafetensors(path);
  expect([...back]).toEqual([...everything]);
  expect([...parseSafetensors(bytes, 'memory')]).toEqual([...everything]);
  expect(readSafetensorsTensor(path, 'words')).toEqual(everything.get('words'));
  const { metadata, tensors } = readSafetensorsHeader(path);
  expect(metadata.get('made by')).toBe('a test');
  expect(tensors.get('words')).toMatchObject({ dtype: 'string', shape: [2, 2] });
  expect(serializeSafetensors(back, new Map([['made by', 'a test']]))).toEqual(bytes);
});

test('every tensor of a file in memory is aligned', () => {
  for (const [name, { data, dtype }] of parseSafetensors(serializeSafetensors(everything), 'memory')) {
    const size = data.byteLength === 0 ? 1 : BYTES_PER_ELEMENT[dtype];
    expect(data.byteOffset % size, name).toBe(0);
  }
});

test('without onpar.order the order is that of the header', () => {
  const file = build({ '10': u8(0, 1), '2': u8(1, 2), a: u8(2, 3) }, 3, '{"a":A,"10":B,"2":C}');
  expect([...parseSafetensors(file, 'f').keys()]).toEqual(['a', '10', '2']);
});

const u8 = (begin: number, end: number) => ({ dtype: 'U8', shape: [end - begin], data_offsets: [begin, end] });

/** A file from a header object, or a header text with A, B, C for the entries of a, 10 and 2. */
function build(header: object | string, dataSize: number, order?: string): Uint8Array {
  let text = typeof header === 'string' ? header : JSON.stringify(header);
  if (order !== undefined) {
    const entries = header as Record<string, object>;
    text = order
      .replace('A', JSON.stringify(entries.a))
      .replace('B', JSON.stringify(entries['10']))
      .replace('C', JSON.stringify(entries['2']));
  }
  const json = Buffer.from(text);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  return new Uint8Array(Buffer.concat([length, json, Buffer.alloc(dataSize)]));
}

const one = JSON.stringify(u8(0, 1));

test.each([
  ['too few bytes', new Uint8Array(3), 'm.safetensors is not a valid safetensors file: it has 3 bytes, too few'],
  ['a huge header', new Uint8Array(8).fill(0xff), 'it declares a header of'],
  ['a cut header', build({ a: u8(0, 1) }, 1).subarray(0, 20), 'but only 12 follow: truncated?'],
  ['cut data', build({ a: u8(0, 9) }, 5), 'its tensors take 9 bytes, but only 5 follow the header: truncated?'],
  ['no JSON', build('{', 0), 'its header is not JSON'],
  ['a list', build('[]', 0), 'its header is not a JSON object'],
  ['leading space', build(' {}', 0), 'its header is not a JSON object'],
  ['a duplicate', build(`{"a":${one},"a":${one}}`, 1), 'tensor "a" occurs twice'],
  ['an escaped duplicate', build(`{"a":${one},"\\u0061":${one}}`, 1), 'tensor "a" occurs twice'],
  ['a hole', build({ a: u8(0, 1), b: u8(2, 3) }, 3), '1 bytes before tensor "b" belong to no tensor'],
  ['a hole at the end', build({ a: u8(0, 1) }, 2), '1 bytes after the last tensor belong to no tensor'],
  ['an overlap', build({ a: u8(0, 2), b: u8(1, 3) }, 3), 'tensor "b" overlaps the tensor before it'],
  [
    'an unknown dtype',
    build({ a: { ...u8(0, 1), dtype: 'F8_E4M3' } }, 1),
    'tensor "a" has dtype "F8_E4M3"; known are F64',
  ],
  ['a prototype name as dtype', build({ a: { ...u8(0, 1), dtype: 'constructor' } }, 1), 'has dtype "constructor"'],
  ['a negative shape', build({ a: { ...u8(0, 1), shape: [-1] } }, 1), 'tensor "a" has shape [-1]'],
  ['a wrong size', build({ a: { ...u8(0, 1), dtype: 'F32' } }, 1), 'spans 1 bytes, its dtype and shape [1] take 4'],
  ['a wrong entry', build({ a: 3 }, 0), 'the entry of tensor "a" is not an object'],
  ['wrong offsets', build({ a: { ...u8(0, 1), data_offsets: [0] } }, 1), 'has data_offsets [0]'],
  ['metadata that is no text', build({ __metadata__: { a: 1 } }, 0), '__metadata__ "a" is not a string'],
  [
    'a wrong order',
    build({ __metadata__: { 'onpar.order': '["b"]' }, a: u8(0, 1) }, 1),
    'onpar.order names "b", which is no tensor',
  ],
  [
    'a short order',
    build({ __metadata__: { 'onpar.order': '[]' }, a: u8(0, 1) }, 1),
    'does not name every tensor once',
  ],
] as const)('refuses %s', (_what, bytes, message) => {
  const error = errorOf(() => parseSafetensors(bytes, 'm.safetensors'));
  expect(error.code).toBe('tensor-file-invalid');
  expect(error.message).toContain('m.safetensors');
  expect(error.message).toContain(message);
});

test('strings that do not fit their shape or are not UTF-8 are refused', () => {
  const strings = (shape: string, data: number[]) => {
    const file = build({ __metadata__: { 'onpar.strings': `{"a":${shape}}` }, a: u8(0, data.length) }, data.length);
    file.set(data, file.length - data.length);
    return () => parseSafetensors(file, 'm.safetensors');
  };
  expect(errorOf(strings('[3]', [65, 0, 66])).message).toContain('holds 2 strings, its shape [3] takes 3');
  expect(errorOf(strings('[1]', [0xff])).message).toContain('are not UTF-8');
  expect(() => serializeSafetensors(new Map([['a', stringTensor([1], ['a\0b'])]]))).toThrow('holds a zero character');
});

test('a file that is not there, a folder, a tensor that is not there', () => {
  const dir = scratch();
  expect(errorOf(() => readSafetensors(join(dir, 'no.safetensors'))).code).toBe('file-missing');
  expect(errorOf(() => readSafetensors(dir)).message).toContain('is not a file');
  const path = join(dir, 'a.safetensors');
  writeFileSync(path, build({ a: u8(0, 1) }, 1));
  expect(errorOf(() => readSafetensorsTensor(path, 'b')).message).toContain('has no tensor "b"; it has a');
});
