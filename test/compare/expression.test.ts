import { describe, expect, it } from 'vitest';
import { METRIC_NAMES } from '../../src/compare/metrics/registry.ts';
import { compileExpression } from '../../src/compare/tolerance/expression.ts';
import { OnparError } from '../../src/core/errors.ts';
import { type Metrics, metrics } from '../../src/records/comparison.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { compareScene, errors, f32, i64, says } from './scene.ts';

const measures = (more: Partial<Metrics>): Metrics => ({
  ...(Object.fromEntries(METRIC_NAMES.map((name) => [name, 0])) as unknown as Metrics),
  ...more,
});
const holds = async (text: string, more: Partial<Metrics>) => (await compileExpression(text)).holds(measures(more));

const refusal = async (text: string): Promise<OnparError> => {
  try {
    await compileExpression(text);
  } catch (error) {
    if (error instanceof OnparError) return error;
    throw error;
  }
  throw new Error(`\`${text}\` was accepted`);
};

describe('expressions', () => {
  it.each([
    ['cosine > 0.9999 and maxAbs < 1e-3', { cosine: 0.99995, maxAbs: 5e-4 }, true],
    ['cosine > 0.9999 and maxAbs < 1e-3', { cosine: 0.99995, maxAbs: 1e-3 }, false],
    ['cosine > 0.9999 or maxAbs < 1e-3', { cosine: 0, maxAbs: 5e-4 }, true],
    ['maxAbs < 1e-16', { maxAbs: 5e-17 }, true],
    ['maxAbs == 0', { maxAbs: 1e-16 }, false],
    ['0 < maxAbs <= 1', { maxAbs: 1 }, true],
    ['not (nanMismatches > 0)', {}, true],
    ['max(maxAbs, rmse) / 2 <= 1', { maxAbs: 2, rmse: 1 }, true],
    ['sqnrDb > 40', { sqnrDb: 'Infinity' }, true],
    ['maxAbs > 9007199254740992', { maxAbs: '18446744073709551615' }, true],
  ])('%s', async (text, values, expected) => {
    expect(await holds(text, values)).toBe(expected);
  });

  it('allows exactly the measures of the record', () => {
    expect([...METRIC_NAMES].sort()).toEqual(Object.keys(metrics.shape).sort());
  });

  it('names an unknown measure, its place and what is allowed', async () => {
    const error = await refusal('cosine > 0.9 and maxabs < 1');
    expect(error).toMatchObject({
      code: 'bad-expression',
      exitCode: 2,
      message: 'tolerance `cosine > 0.9 and maxabs < 1`: unknown measure `maxabs` at character 18',
    });
    expect(error.fix).toContain('did you mean `maxAbs`? allowed: maxAbs, maxRel');
  });

  it('names the place of a syntax error', async () => {
    expect((await refusal('maxAbs <')).message).toContain('(char 9)');
  });

  it.each(['maxAbs', 'maxAbs + 1', '1 < 2', 'true', 'maxAbs < 1; maxAbs > 2', 'maxAbs < "1"'])(
    'refuses `%s`, which says nothing about outputs or gives no yes or no',
    async (text) => {
      expect((await refusal(text)).code).toBe('bad-expression');
    },
  );

  it.each([
    'import("fs")',
    'import({a: 1}, {override: true})',
    'createUnit("x")',
    'evaluate("1")',
    'parse("1")',
    'simplify("x")',
    'derivative("x", "x")',
    'resolve("x")',
    'cos.constructor("return process")()',
    'abs.constructor("return process")() < maxAbs',
    'maxAbs.constructor < 1',
    'maxAbs["constructor"] < 1',
    '"x".constructor.constructor("return 1")() < maxAbs',
    'f(x) = x; f(maxAbs) < 1',
    'maxAbs = 0',
    'a = maxAbs < 1',
    '[maxAbs] < 1',
    '{a: maxAbs}.a < 1',
    '(1:1e9) < maxAbs',
    '__proto__ < maxAbs',
    'constructor < maxAbs',
    'toString < maxAbs',
    'abs < maxAbs',
    'maxAbs < 1 cm',
    'maxAbs! < 1',
    'process < maxAbs',
    'maxAbs > 1 ? 1 : 2',
  ])('refuses `%s`', async (text) => {
    expect((await refusal(text)).code).toBe('bad-expression');
  });
});

describe('as the rule of an output', () => {
  const under = (expression: string, reference: Tensor[], candidate: Tensor[], name = 'y') =>
    compareScene({
      reference: reference.map((y) => ({ y })),
      candidate: candidate.map((y) => ({ y })),
      rules: { tolerances: { [name]: { kind: 'expression', expression } } },
    });

  it('passes or fails by the measures over all samples', async () => {
    const tensors = [
      [f32([1, 1]), f32([1, 1])],
      [f32([1.5, 1]), f32([1, 1])],
    ] as const;
    const pass = await under('maxAbs < 0.6', [...tensors[0]], [...tensors[1]], '*');
    expect(pass).toMatchObject({
      verdict: 'pass',
      grade: 'broken',
      outputs: [{ tolerance: { source: 'expression', expression: 'maxAbs < 0.6' } }],
    });
    expect(pass.samples.map((s) => s.verdict)).toEqual(['pass', 'pass']);
    const fail = await under('maxAbs < 0.4 and cosine > 0', [...tensors[0]], [...tensors[1]]);
    expect(says(fail, 'expression-false')).toBe(
      'output y: `maxAbs < 0.4 and cosine > 0` does not hold (maxAbs = 0.5, cosine = 0.981981)',
    );
    expect(fail.samples.map((s) => s.verdict)).toEqual(['fail', 'pass']);
  });

  it('shares the verdict where no sample stands out', async () => {
    const result = await under('elements < 3', [f32([1, 1]), f32([1, 1])], [f32([1.1, 1]), f32([1.1, 1])]);
    expect(result).toMatchObject({ verdict: 'fail', samples: [{ verdict: 'fail' }, { verdict: 'fail' }] });
  });

  it('still fails NaN, unless the expression counts them', async () => {
    const [reference, candidate] = [[f32([1, 1])], [f32([1, Number.NaN])]];
    const silent = await under('cosine > 0.9', reference, candidate);
    expect(errors(silent)).toEqual(['nan-differs']);
    expect(silent.samples[0]?.verdict).toBe('fail');
    expect((await under('nanMismatches <= 1', reference, candidate)).verdict).toBe('pass');
  });

  it('still fails a shape', async () => {
    expect(errors(await under('cosine > 0', [f32([1, 1])], [f32([1])]))).toContain('shape-differs');
  });

  it('is unverifiable where a measure is not defined', async () => {
    const result = await under('cosine > 0.9', [f32([0, 0])], [f32([1, 0])]);
    expect(result).toMatchObject({ verdict: 'unverifiable', samples: [{ verdict: 'unverifiable' }] });
    expect(says(result, 'measure-undefined')).toContain('cosine is not defined for this output');
    expect((await under('cosine > 0.9', [f32([0, 0])], [f32([0, 0])])).verdict).toBe('pass');
  });

  it('judges integers only where it names them', async () => {
    const [reference, candidate] = [[i64([1, 2, 3])], [i64([1, 2, 4])]];
    expect((await under('mismatchFraction < 0.5', reference, candidate)).verdict).toBe('pass');
    expect(errors(await under('mismatchFraction < 0.5', reference, candidate, '*'))).toEqual(['values-differ']);
  });

  it('refuses a bad expression before anything is compared', async () => {
    await expect(under('maxabs < 1', [f32([1])], [f32([1])])).rejects.toMatchObject({ code: 'bad-expression' });
  });
});
