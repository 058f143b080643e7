import { describe, expect, test } from 'vitest';
import { probingOf } from '../../src/engine/conversion/probing.ts';
import type { Conversion } from '../../src/plan/conversion.ts';
import type { Dim } from '../../src/records/contract.ts';
import type { InputPlan } from '../../src/records/rules.ts';
import type { Sample } from '../../src/records/sample.ts';

const input = (...shape: Dim[]): InputPlan => ({ name: 'x', dtype: 'float32', shape });
const sample = (id: string, rows: number, more: Partial<Sample> = {}): Sample => ({
  id,
  generator: /^\w+/.exec(id)?.[0] ?? id,
  seed: 0,
  inputs: [{ name: 'x', dtype: 'float32', shape: [rows, 4] }],
  digest: id,
  file: `${id}.safetensors`,
  ...more,
});

const SAMPLES = [
  sample('zeros', 2),
  sample('normal', 2),
  sample('normal[batch=1]', 1),
  sample('uniform', 2),
  sample('normal[batch=3]', 3),
  sample('normal[batch=64]', 64),
];

/** Nothing else of a conversion is asked. */
const probe = (deep: boolean, inputs: InputPlan[], samples: readonly Sample[] = SAMPLES) =>
  probingOf({ deep } as Conversion, inputs, samples);

describe('what is run twice', () => {
  test('one ordinary sample, never zeros; with time also the first and another batch size', () => {
    const ids = (deep: boolean) => probe(deep, [input('batch', 4)]).repeated.map(({ id }) => id);
    expect(ids(false)).toEqual(['normal']);
    expect(ids(true)).toEqual(['normal', 'zeros', 'normal[batch=1]']);
  });
  test('the user’s own rows where there is no portfolio; anything before nothing', () => {
    const own = [sample('rows.npz', 2, { generator: 'file' })];
    expect(probe(true, [input('batch', 4)], own).repeated).toEqual(own);
    expect(probe(false, [input(2, 4)], [sample('zeros', 2)]).repeated.map(({ id }) => id)).toEqual(['zeros']);
    expect(probe(true, [], []).probes).toEqual([]);
  });
  test('special values are no ordinary sample', () => {
    const samples = [sample('normal[nan]', 2, { group: 'special' }), ...SAMPLES];
    expect(probe(false, [input('batch', 4)], samples).repeated.map(({ id }) => id)).toEqual(['normal']);
  });
});

describe('rows alone', () => {
  test('of the ordinary sample with the most rows, as long as they are few; the repeats come last', () => {
    const { rows, probes } = probe(false, [input('batch', 4)]);
    expect(rows?.id).toBe('normal[batch=3]');
    expect(probes.map(({ id, row }) => [id, row])).toEqual([
      ['normal[batch=3]#row0', 0],
      ['normal[batch=3]#row1', 1],
      ['normal[batch=3]#row2', 2],
      ['normal#again', null],
    ]);
  });
  test.each<[string, InputPlan[]]>([
    ['a fixed batch', [input(2, 4)]],
    ['one input without the batch', [input('batch', 4), { ...input(4), name: 'table' }]],
    ['a batch that is not the first axis', [input('time', 'batch', 4)]],
    ['no inputs', []],
  ])('%s: none', (_name, inputs) => {
    expect(probe(false, inputs).rows).toBeNull();
  });
  test('none where inputs of the sample disagree, or each has one row', () => {
    const odd = sample('normal', 2, { inputs: [2, 3].map((n) => ({ name: 'x', dtype: 'float32', shape: [n, 4] })) });
    expect(probe(false, [input('batch', 4)], [odd, sample('normal[batch=1]', 1)]).rows).toBeNull();
  });
});
