import { describe, expect, test } from 'vitest';
import { type KnownInputs, resolveInputs } from '../../src/engine/inputs.ts';
import { adHocSuite } from '../../src/suite/adhoc.ts';
import { applyOverrides, type Overrides } from '../../src/suite/overrides.ts';
import type { Case } from '../../src/suite/suite.ts';

const NOTHING: KnownInputs = {
  contract: { inputs: [], outputs: [], names: 'none' },
  examples: null,
  parameters: null,
  data: null,
  candidate: null,
};
const adHoc = (inputs: Case['inputs'] = {}) =>
  adHocSuite({ source: 'model.py:build', artifacts: [], to: ['onnx'], options: {}, inputs, runtimes: [], title: '' });
const caseWith = (inputs: Case['inputs'] = {}, dims: Case['dims'] = {}): Case => ({
  ...(adHoc(inputs).cases[0] as Case),
  dims,
});
const declared = (...inputs: KnownInputs['contract']['inputs']): KnownInputs => ({
  ...NOTHING,
  contract: { inputs, outputs: [], names: 'declared' },
});

describe('who says what the inputs are', () => {
  test('the suite’s words win, field by field, over what the model declares', () => {
    const known = declared({ name: 'x', dtype: 'float32', shape: [null, 8] });
    expect(resolveInputs(caseWith({ x: { shape: ['batch', 8], range: [0, 1] } }), known)).toEqual([
      { name: 'x', dtype: 'float32', shape: ['batch', 8], range: [0, 1] },
    ]);
  });
  test('the model, before examples', () => {
    const known = {
      ...declared({ name: 'x', dtype: 'int64', shape: [2] }),
      examples: [{ name: 'x', dtype: 'float32' as const, shape: [9] }],
    };
    expect(resolveInputs(caseWith(), known)).toEqual([{ name: 'x', dtype: 'int64', shape: [2] }]);
  });
  test('examples, with an axis that --dim makes dynamic', () => {
    const known = { ...NOTHING, examples: [{ name: 'x', dtype: 'float32' as const, shape: [3, 8] }] };
    expect(resolveInputs(caseWith(), known)[0]?.shape).toEqual([3, 8]);
    expect(resolveInputs(caseWith({}, { batch: [1, 2] }), known)[0]?.shape).toEqual(['batch', 8]);
    expect(resolveInputs(caseWith({}, { 'x:1': [4, 8] }), known)[0]?.shape).toEqual([3, 'x:1']);
  });
  test('the user’s data: a first axis that all share is the batch', () => {
    const known = {
      ...NOTHING,
      data: [
        { name: 'a', dtype: 'float32' as const, shape: [64, 3] },
        { name: 'b', dtype: 'int64' as const, shape: [64, 5] },
      ],
      parameters: ['image', 'tokens'],
    };
    expect(resolveInputs(caseWith(), known).map((i) => [i.name, i.dtype, i.shape])).toEqual([
      ['image', 'float32', ['batch', 3]],
      ['tokens', 'int64', ['batch', 5]],
    ]);
  });
  test('the candidate, when all else is silent', () => {
    const known: KnownInputs = {
      ...NOTHING,
      candidate: { inputs: [{ name: 'x', dtype: 'float32', shape: ['n', 4] }], outputs: [], names: 'declared' },
    };
    expect(resolveInputs(caseWith(), known)[0]?.shape).toEqual(['n', 4]);
  });
  test('nobody: an error with three ways out', () => {
    expect(() => resolveInputs(caseWith(), NOTHING)).toThrow(
      expect.objectContaining({
        code: 'inputs-unknown',
        fix: expect.stringMatching(/inputs: .*--input image=float32.*example_inputs/),
      }),
    );
  });
  test('a model that declares no shape', () => {
    expect(() => resolveInputs(caseWith(), declared({ name: 'x', dtype: 'float32', shape: null }))).toThrow(
      expect.objectContaining({ code: 'inputs-unknown', message: expect.stringContaining('the shape of input `x`') }),
    );
  });
});

describe('names that nothing has', () => {
  const known = declared({ name: 'x', dtype: 'float32', shape: ['batch', 'length'] });
  test('an input', () => {
    expect(() => resolveInputs(caseWith({ xx: { range: [0, 1] } }), known)).toThrow(
      expect.objectContaining({ code: 'unknown-input', fix: 'did you mean `x`? allowed: x' }),
    );
  });
  test('a dimension: its sizes would never be tried', () => {
    expect(() => resolveInputs(caseWith({}, { lenght: [3] }), known)).toThrow(
      expect.objectContaining({
        code: 'unknown-dim',
        message: expect.stringContaining('sizes are set for the dimension `lenght`'),
        fix: 'did you mean `length`? allowed: batch, length',
      }),
    );
    expect(() =>
      resolveInputs(caseWith({}, { batch: [3] }), declared({ name: 'x', dtype: 'float32', shape: [2] })),
    ).toThrow(expect.objectContaining({ fix: 'every dimension of the model is fixed; remove it' }));
  });
  test('options of the command line hold for the cases of a suite that have such an input; one case alone must have it', () => {
    const overrides: Overrides = {
      files: [],
      images: [],
      dims: { frames: [2] },
      ranges: { tokens: [0, 9] },
      tolerances: {},
      mapOutputs: {},
      runtimes: [],
    };
    const [one] = adHoc().cases;
    const many = applyOverrides({ ...adHoc(), cases: [one as Case, { ...(one as Case), id: 'other' }] }, overrides);
    expect(resolveInputs(many.cases[0] as Case, known)).toEqual([
      { name: 'x', dtype: 'float32', shape: ['batch', 'length'] },
    ]);
    expect(
      resolveInputs(many.cases[1] as Case, declared({ name: 'tokens', dtype: 'int64', shape: ['frames'] }))[0]?.range,
    ).toEqual([0, 9]);
    expect(() => resolveInputs(applyOverrides(adHoc(), overrides).cases[0] as Case, known)).toThrow(
      expect.objectContaining({ code: 'unknown-input' }),
    );
  });
});
