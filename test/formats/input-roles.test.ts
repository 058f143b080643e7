import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { inputRolesOf } from '../../src/formats/onnx/input-roles.ts';

const folder = fileURLToPath(new URL('../../fixtures/models/roles/', import.meta.url));

/** Model → input → role and range, `below` in words. */
const read = (name: string) =>
  inputRolesOf(`${folder}${name}.onnx`).map(({ input, role, range, below = [] }) =>
    [input, role, ...(range ?? []), ...below.map((dim) => `< ${dim}`)].join(' '),
  );

const EXPECTED: Readonly<Record<string, readonly string[]>> = {
  tokens: ['ids token-ids 0 39'],
  'tokens-quantised': ['ids token-ids 0 29'],
  'tokens-shifted': ['ids token-ids -2 47'],
  'tokens-wrapped': ['ids token-ids 0 49'],
  'tokens-clipped': [],
  'tokens-modulo': ['ids dividend -100 100'],
  'index-gathered': ['k index 0 6', 'at index < seq'],
  'one-hot-classes': ['label index 0 5'],
  'mask-steep': ['which mask'],
  'mask-where': ['valid mask'],
  'mask-pooled': ['valid mask'],
  'mask-additive': ['attn_mask mask -10000 0'],
  product: [],
  'scores-added': [],
  'lengths-compared': ['count lengths'],
  'lengths-recurrent': ['n lengths'],
  threshold: [],
  image: ['x image'],
  'image-bytes': ['x image 0 255'],
  'image-unit': ['x image 0 1'],
  features: [],
  audio: ['wave audio'],
  spectrogram: [],
  timestep: ['t timestep 0 999'],
  coordinates: [],
  division: ['a dividend -100 100', 'b divisor -100 100', 'c dividend -100 100', 'd dividend -100 100'],
  buckets: ['ids token-ids 0 490'],
  ratio: [],
  'sorted-times': ['times sorted'],
  'one-hot-input': ['state_one_hot one-hot'],
  branch: ['ids token-ids 0 49', 'flag boolean'],
};

test('every fixture has an expectation', () => {
  expect(
    readdirSync(folder)
      .filter((file) => file.endsWith('.onnx'))
      .map((file) => file.replace('.onnx', ''))
      .sort(),
  ).toEqual(Object.keys(EXPECTED).sort());
});

test.each(Object.entries(EXPECTED))('%s', (name, roles) => {
  expect(read(name)).toEqual(roles);
});
