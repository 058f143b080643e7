import { expect, test } from 'vitest';
import { carry } from '../../src/engine/conversion/chained.ts';
import type { DeclaredChange } from '../../src/records/artifact.ts';

const change = (name: string, rest: Partial<DeclaredChange>): DeclaredChange => ({
  side: 'input',
  name,
  reason: 'r',
  ...rest,
});

test('what several links rename and reshape is told by the names of the source', () => {
  const first = carry(
    { declared: [], precision: 'float32' },
    {
      declared: [
        change('image', { to: 'image_1', shape: ['b', 8, 8, 1], reason: 'channels last' }),
        change('kept', { dtype: 'float32' }),
      ],
      precision: 'float32',
    },
  );
  const second = carry(first, {
    declared: [change('image_1', { to: 'serving_image', reason: 'signature' }), change('other', { dtype: 'int32' })],
    precision: 'float32',
  });
  expect(second.declared).toEqual([
    change('image', { to: 'serving_image', shape: ['b', 8, 8, 1], reason: 'channels last; signature' }),
    change('kept', { dtype: 'float32' }),
    change('other', { dtype: 'int32' }),
  ]);
});

test.each([
  ['float16', 'float32', 'float16'],
  ['float32', 'int8', 'int8'],
  ['dynamic-range', 'int8', 'dynamic-range'],
  ['float16', 'int8', 'int8'],
])('precision only falls: %s, then %s', (before, own, after) => {
  expect(carry({ declared: [], precision: before }, { declared: [], precision: own }).precision).toBe(after);
});
