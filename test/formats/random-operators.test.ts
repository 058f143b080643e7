import { join } from 'node:path';
import { expect, test } from 'vitest';
import { packageRoot } from '../../src/core/paths.ts';
import { randomOperators } from '../../src/formats/onnx/random-operators.ts';

const at = (folder: string, name: string): string => join(packageRoot, 'fixtures', folder, `${name}.onnx`);

test.each([
  ['noisy', [{ node: 'make_noise', opType: 'RandomNormalLike', seeded: false }]],
  ['noisy-seeded', [{ node: 'make_noise', opType: 'RandomNormalLike', seeded: true }]],
  ['dropping', [{ node: 'make_kept', opType: 'Dropout', seeded: false }]],
  ['steady', []],
  ['rows-mixed', []],
])('%s', (name, expected) => {
  expect(randomOperators(at('bad/unfit', name))).toEqual(expected);
});

test('a model that only computes draws nothing', () => {
  expect(randomOperators(at('models', 'tiny-mlp'))).toEqual([]);
});
