import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { agreesToShare, agreesToTable } from '../../src/compare/fitness/agreement.ts';
import { type FitnessInput, judgeFitness } from '../../src/compare/fitness/fitness.ts';
import { mixedRows } from '../../src/compare/fitness/rows.ts';
import type { FitnessSide } from '../../src/compare/fitness/side.ts';
import { sentence } from '../../src/core/findings.ts';
import { writeSafetensors } from '../../src/tensor/safetensors.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { scratch } from '../scratch.ts';
import { compareScene, contractOf, errors, f32, findingOf, i64, spec, tensor, text } from './scene.ts';

type Outputs = Readonly<Record<string, Tensor>>;

let written = 0;
function stored(dir: string, outputs: Outputs): string {
  const path = join(dir, `${written++}.safetensors`);
  writeSafetensors(path, new Map(Object.entries(outputs)));
  return path;
}

/** A side that answered `first`, and then `second`. */
const twice = (
  dir: string,
  first: Outputs,
  second: Outputs,
  differs: 'run' | 'process' = 'run',
  more: Partial<FitnessSide> = {},
): FitnessSide => ({
  facts: {},
  contract: null,
  repeats: [{ sample: 'normal', differs, first: stored(dir, first), second: stored(dir, second) }],
  rows: null,
  random: [],
  ...more,
});

const STEADY: FitnessSide = { facts: {}, contract: null, repeats: [], rows: null, random: [] };

function judged(input: Partial<FitnessInput>) {
  const result = judgeFitness({ reference: STEADY, candidate: STEADY, ...input });
  const all = [...(result.unfit === null ? [] : [result.unfit]), ...result.findings];
  for (const found of all) expect(sentence(found)).not.toMatch(/undefined|null|\[object|NaN/);
  return { ...result, codes: all.map((f) => `${f.severity} ${f.code}`), text: all.map(sentence).join('\n') };
}

describe('asked twice', () => {
  const one = { y: f32([1, -2, 3, 4]) };
  test('the same bits, NaN included: steady', () => {
    const nan = { y: f32([Number.NaN, 1]), s: text(['a', 'b']) };
    expect(judged({ reference: twice(scratch(), nan, nan) })).toMatchObject({ unfit: null, findings: [], spread: [] });
  });
  test('within rounding: a fact with its size, and the floor may not lie below', () => {
    const dir = scratch();
    const result = judged({ reference: twice(dir, one, { y: f32([1, -2, 3 + 2 ** -22 * 2, 4]) }) });
    expect(result.codes).toEqual(['info reference-unsteady']);
    expect(result.spread).toEqual([{ output: 'y', sample: 'normal', maxAbs: 2 ** -21 }]);
  });
  test('the widest of several runs is the spread', () => {
    const dir = scratch();
    const near = (d: number) => ({ y: f32([1, -2, 3 + d, 4]) });
    const [a, b] = [twice(dir, one, near(2 ** -20)), twice(dir, one, near(2 ** -18), 'process')];
    const result = judged({ reference: { ...a, repeats: [...a.repeats, ...b.repeats] } });
    expect(result.spread).toEqual([{ output: 'y', sample: 'normal', maxAbs: 2 ** -18 }]);
    expect(result.text).toContain('in a new process');
  });
  test('a sequence that gives another answer: a state is kept, unless numbers were drawn', () => {
    const dir = scratch();
    const other = { y: f32([1, -2, 3.1, 4]) };
    const asked = (side: FitnessSide) => judged({ candidate: side, isSequence: true });
    const kept = asked(twice(dir, one, other, 'run', { facts: { changedState: ['cell.h'] } }));
    expect(kept).toMatchObject({ unfit: null, codes: ['error state-not-reset'] });
    expect(kept.text).toMatch(/candidate keeps a state from one sequence to the next.*running it writes into cell\.h/);
    expect(judged({ reference: twice(dir, one, other), isSequence: true }).unfit).toMatchObject({
      code: 'state-not-reset',
      where: 'reference',
    });
    expect(asked(twice(dir, one, other, 'run', { facts: { drewFrom: ['torch'] } })).codes).toEqual([
      'error candidate-not-deterministic',
    ]);
    expect(asked(twice(dir, one, other, 'process')).codes).toEqual(['error candidate-not-deterministic']);
  });
  test('beyond rounding: no judge, and the sentence names what differs', () => {
    const dir = scratch();
    const other = { y: f32([1, -2, 3.1, 4]) };
    expect(judged({ reference: twice(dir, one, other) })).toMatchObject({
      codes: ['error reference-not-deterministic'],
      text: expect.stringMatching(
        /when it is run again: output y \(off by 0\.1, 0\.037 of its scale, in sample normal\)/,
      ),
    });
    expect(judged({ reference: twice(dir, one, other, 'process') }).text).toContain('in a new process');
  });
  test('a measured floor takes the place of the default line', () => {
    const reference = twice(scratch(), one, { y: f32([1, -2, 3.1, 4]) });
    expect(judged({ reference, agrees: () => true }).codes).toEqual(['info reference-unsteady']);
  });
  test.each<[string, Outputs, Outputs]>([
    ['NaN appears', one, { y: f32([Number.NaN, -2, 3, 4]) }],
    ['an infinity appears', one, { y: f32([Number.POSITIVE_INFINITY, -2, 3, 4]) }],
    ['another shape', one, { y: f32([1, -2, 3]) }],
    ['another dtype', one, { y: tensor('float64', [1, -2, 3, 4]) }],
    ['an output is gone', one, {}],
    ['an integer moves', { n: i64([1, 2]) }, { n: i64([1, 3]) }],
    ['a text changes', { s: text(['a']) }, { s: text(['b']) }],
    ['zeros wake up', { y: f32([0, 0]) }, { y: f32([0, 1e-30]) }],
  ])('%s: no judge', (_name, first, second) => {
    expect(judged({ reference: twice(scratch(), first, second) }).codes).toEqual(['error reference-not-deterministic']);
  });
  test('integers on a grid of real numbers may lie one step apart, others not', () => {
    const dir = scratch();
    const steps = (n: number) => ({ q: tensor('int8', [5, n]) });
    const contract = contractOf([spec('q', { dtype: 'int8', quantization: { scales: [0.5], zeroPoints: [0] } })]);
    const codes = (n: number, more: Partial<FitnessSide>) =>
      judged({ reference: twice(dir, steps(7), steps(n), 'run', more) }).codes;
    expect(codes(8, { contract })).toEqual(['info reference-unsteady']);
    expect(codes(9, { contract })).toEqual(['error reference-not-deterministic']);
    expect(codes(8, {})).toEqual(['error reference-not-deterministic']);
  });
  test('a second run that fails: no judge, with what it said', () => {
    const repeats = [
      { sample: 's', differs: 'run' as const, first: 'x', second: { code: 'run-failed', message: 'seen before' } },
    ];
    expect(judged({ reference: { ...STEADY, repeats } })).toMatchObject({
      codes: ['error reference-not-deterministic'],
      text: expect.stringContaining('seen before'),
    });
  });
  test('the candidate is at fault where the reference is steady, and only there', () => {
    const dir = scratch();
    const restless = twice(dir, one, { y: f32([9, -2, 3, 4]) });
    expect(judged({ candidate: restless }).codes).toEqual(['error candidate-not-deterministic']);
    expect(judged({ reference: restless, candidate: restless }).codes).toEqual(['error reference-not-deterministic']);
  });
});

describe('causes', () => {
  const dir = () => scratch();
  const moved = (more: Partial<FitnessSide>) => {
    const at = dir();
    return twice(at, { y: f32([1]) }, { y: f32([2]) }, 'run', more);
  };
  const random = (seeded: boolean) => [{ node: 'noise', opType: 'RandomNormal', seeded }];
  test('an unseeded operator in the graph suffices; a seeded one only explains', () => {
    expect(judged({ reference: { ...STEADY, random: random(false) } })).toMatchObject({
      codes: ['error reference-not-deterministic'],
      text: expect.stringContaining('RandomNormal noise draws random numbers without a seed'),
    });
    expect(judged({ reference: { ...STEADY, random: random(true) } }).codes).toEqual([]);
    expect(judged({ reference: moved({ random: random(true) }) }).text).toContain('draws on from its seed');
  });
  test('state that changes: an error with other answers, a warning without', () => {
    const facts = { changedState: ['norm.running_mean'] };
    expect(judged({ reference: moved({ facts }) })).toMatchObject({
      codes: ['error reference-changes-itself'],
      text: expect.stringContaining('norm.running_mean'),
    });
    expect(judged({ reference: { ...STEADY, facts } }).codes).toEqual(['warning reference-changes-itself']);
    expect(judged({ candidate: { ...STEADY, facts } }).codes).toEqual([]);
  });
  test('a generator that was used is named', () => {
    expect(judged({ reference: moved({ facts: { drewFrom: ['torch'] } }) }).text).toContain(
      'random generator of torch',
    );
  });
  test('training mode and changed inputs come first', () => {
    expect(judged({ reference: moved({ facts: { training: ['dropout'] } }) }).codes).toEqual([
      'error reference-training',
    ]);
    expect(judged({ reference: moved({ facts: { mutatedInputs: ['x'] } }) }).codes).toEqual([
      'error reference-mutates-inputs',
    ]);
  });
});

describe('rows', () => {
  const rowsOf = (whole: Outputs, ...alone: (Outputs | null)[]) => {
    const dir = scratch();
    return {
      sample: 'normal[batch=3]',
      whole: stored(dir, whole),
      alone: alone.map((outputs) => (outputs === null ? null : stored(dir, outputs))),
    };
  };
  const y = (...rows: number[][]) => ({ y: f32(rows.flat(), [rows.length, rows[0]?.length ?? 0]) });
  const apart = () => rowsOf(y([1, 2], [3, 4]), y([1, 2]), y([3, 4.0000005]));
  const mixed = () => rowsOf(y([1, 2], [3, 4]), y([1, 2]), y([3, 5]));
  test('rows that come out the same but for rounding are apart', () => {
    expect(mixedRows(apart(), agreesToShare)).toEqual([]);
  });
  test('a row that does not is named, with its size', () => {
    expect(mixedRows(mixed(), agreesToShare)).toMatchObject([{ output: 'y', row: 1, maxAbs: 1 }]);
  });
  test('a label that flips where the scores stay is a tie; alone it is not', () => {
    const label = (...values: number[]) => ({ label: i64(values) });
    const tied = rowsOf(
      { ...y([1, 1], [2, 2]), ...label(0, 0) },
      { ...y([1, 1]), ...label(1) },
      { ...y([2, 2]), ...label(0) },
    );
    expect(mixedRows(tied, agreesToShare)).toEqual([]);
    expect(mixedRows(rowsOf(label(0, 0), label(1), label(0)), agreesToShare)).toMatchObject([
      { output: 'label', row: 0 },
    ]);
  });
  test.each([
    ['an output has no rows', rowsOf.bind(null, { y: f32([1, 2, 3]) }, { y: f32([1]) }, { y: f32([2]) })],
    ['a row alone fails', rowsOf.bind(null, y([1], [2]), y([1]), null)],
    ['one row alone is not one row', rowsOf.bind(null, y([1], [2]), y([1], [1]), y([2], [2]))],
    ['a scalar', rowsOf.bind(null, { y: f32([1], []) }, { y: f32([1], []) }, { y: f32([1], []) })],
  ])('%s: nothing is known', (_name, make) => {
    expect(mixedRows(make(), agreesToShare)).toBeNull();
  });
  test('a reference that mixes is a warning; a candidate that mixes where it does not is at fault', () => {
    const side = (rows: FitnessSide['rows']) => ({ ...STEADY, rows });
    const codes = (r: FitnessSide['rows'], c: FitnessSide['rows']) =>
      judged({ reference: side(r), candidate: side(c) }).codes;
    expect(codes(apart(), apart())).toEqual([]);
    expect(codes(mixed(), mixed())).toEqual(['warning reference-mixes-rows']);
    expect(codes(mixed(), apart())).toEqual(['warning reference-mixes-rows']);
    expect(codes(apart(), mixed())).toEqual(['error candidate-mixes-rows']);
    expect(codes(null, mixed())).toEqual([]);
    expect(judged({ reference: side(mixed()), candidate: side(apart()) }).text).toContain('cannot agree');
  });
  test('declared scales from the batch excuse their rounding, and no more', () => {
    const moved = (by: number) => ({ ...STEADY, rows: rowsOf(y([1, 2], [3, 4]), y([1, 2]), y([3, 4 + by])) });
    const codes = (by: number, batchRanges: boolean) =>
      judged({ reference: moved(0), candidate: moved(by), batchRanges }).codes;
    expect(codes(0.1, true)).toEqual(['warning candidate-mixes-rows']);
    expect(codes(0.1, false)).toEqual(['error candidate-mixes-rows']);
    expect(codes(1, true)).toEqual(['error candidate-mixes-rows']);
  });
});

describe('default lines', () => {
  const agree = (rule: typeof agreesToShare, dtype: 'float16' | 'float32', share: number) =>
    rule('y', 's', tensor(dtype, [1, -1]), tensor(dtype, [1 + share, -1]));
  test('1e-4 of the scale, more where the precision is lower', () => {
    expect([5e-5, 2e-4].map((share) => agree(agreesToShare, 'float32', share))).toEqual([true, false]);
    expect([4e-3, 2e-2].map((share) => agree(agreesToShare, 'float16', share))).toEqual([true, false]);
  });
  test('the dtype’s table', () => {
    expect([5e-6, 5e-5].map((share) => agree(agreesToTable, 'float32', share))).toEqual([true, false]);
  });
});

describe('in the verdict', () => {
  const answers = [{ y: f32([1, 2]) }];
  test('a reference that is no judge: unverifiable, whatever the values say', async () => {
    const fitness = judgeFitness({
      reference: twice(scratch(), { y: f32([1]) }, { y: f32([2]) }),
      candidate: STEADY,
    });
    const wrong = await compareScene({ reference: answers, candidate: [{ y: f32([5, 5]) }], fitness });
    expect([wrong.verdict, wrong.grade, errors(wrong)]).toEqual([
      'unverifiable',
      null,
      ['reference-not-deterministic'],
    ]);
  });
  test('a candidate that answers by chance fails, though the answers agree', async () => {
    const fitness = judgeFitness({
      reference: STEADY,
      candidate: twice(scratch(), { y: f32([1]) }, { y: f32([2]) }),
    });
    const result = await compareScene({ reference: answers, candidate: answers, fitness });
    expect([result.verdict, result.grade]).toEqual(['fail', 'broken']);
    expect(findingOf(result, 'candidate-not-deterministic').where).toBe('candidate');
  });
  test('a warning changes nothing', async () => {
    const fitness = judgeFitness({ reference: { ...STEADY, facts: { changedState: ['runs'] } }, candidate: STEADY });
    const result = await compareScene({ reference: answers, candidate: answers, fitness });
    expect([result.verdict, result.grade]).toEqual(['pass', 'identical']);
  });
});
