import { describe, expect, it } from 'vitest';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { compareScene, errors, f32, f64, findingOf, i64, says, tensor, text } from './scene.ts';

const one = (reference: Tensor, candidate: Tensor) =>
  compareScene({ reference: [{ y: reference }], candidate: [{ y: candidate }] });

describe('floats', () => {
  it('grades bit-identical outputs identical', async () => {
    const result = await one(f32([1, 2, 3]), f32([1, 2, 3]));
    expect(result).toMatchObject({ verdict: 'pass', grade: 'identical', findings: [] });
    expect(result.outputs[0]).toMatchObject({
      noiseFloor: null,
      worst: null,
      worstElements: [],
      tolerance: { source: 'dtype-table' },
    });
    expect(result.outputs[0]?.metrics).toMatchObject({
      maxAbs: 0,
      scaled: 0,
      sqnrDb: 'Infinity',
      elements: 3,
      mismatchFraction: 0,
    });
  });

  it('does not call a negative zero identical, but equal', async () => {
    const result = await one(f32([0, 1]), f32([-0, 1]));
    expect(result).toMatchObject({ verdict: 'pass', grade: 'equivalent' });
  });

  it('passes rounding', async () => {
    const result = await one(f32([1, -2, 3]), f32([1.000001, -2.000001, 3]));
    expect(result).toMatchObject({ verdict: 'pass', grade: 'equivalent', worstSample: 's0' });
    expect(result.outputs[0]?.worst).toMatchObject({ sample: 's0', index: [0] });
  });

  it('fails `close` and says how to accept it', async () => {
    const result = await one(f32([1, -1, 1]), f32([1.0005, -1, 1]));
    expect(result).toMatchObject({ verdict: 'fail', grade: 'close' });
    expect(errors(result)).toEqual(['values-close']);
    expect(findingOf(result, 'values-close').args.accept).toBe('tolerance: { y: { relative: "0.1%" } }');
    expect(says(result, 'values-close')).toContain('0.05 % of the output’s scale');
  });

  it.each([
    [1.04, 'different'],
    [1.2, 'broken'],
  ])('grades an error of %s - 1 by scale', async (value, grade) => {
    const result = await one(f32([1, -1, 1, -1]), f32([value, -1, 1, -1]));
    expect(result).toMatchObject({ verdict: 'fail', grade });
    expect(errors(result)).toEqual(['values-differ']);
  });

  it('names share, place and both values of what differs', async () => {
    const result = await one(f32([1, 2, 3, 4], [2, 2]), f32([1, 2, 3.5, 4], [2, 2]));
    expect(says(result, 'values-differ')).toBe(
      'output y: 25 % of the elements lie outside the tolerance; the worst of them is in sample s0 at [1, 0]: candidate 3.5, reference 3 (off by 0.5)',
    );
    expect(result.outputs[0]?.worst).toEqual({ sample: 's0', index: [1, 0], reference: 3, candidate: 3.5 });
  });

  it('breaks an output that is all zeros on any difference beyond rounding', async () => {
    const result = await one(f32([0, 0]), f32([0, 2e-5]));
    expect(result).toMatchObject({ verdict: 'fail', grade: 'broken' });
    expect(result.outputs[0]?.metrics.scaled).toBe('Infinity');
    expect(await one(f32([0, 0]), f32([0, 0.9e-5]))).toMatchObject({ verdict: 'pass', grade: 'equivalent' });
  });

  it('lets the absolute tolerance grow with the scale of the output', async () => {
    expect(await one(f32([1000, -1000, 0]), f32([1000, -1000, 0.005]))).toMatchObject({ grade: 'equivalent' });
    expect(await one(f32([1, -1, 0]), f32([1, -1, 0.005]))).toMatchObject({ grade: 'different' });
  });

  it('does not let a large sample hide a small one', async () => {
    const big = f32([1e4, -1e4]);
    const result = await compareScene({
      reference: [{ y: big }, { y: f32([1, 1]) }],
      candidate: [{ y: big }, { y: f32([1, 2]) }],
    });
    expect(result).toMatchObject({ verdict: 'fail', grade: 'broken', worstSample: 's1' });
    expect(result.outputs[0]?.samples.map((s) => s.verdict)).toEqual(['pass', 'fail']);
    expect(result.outputs[0]?.metrics.scaled).toBeCloseTo(1 / Math.sqrt(5e7), 8);
  });

  it('compares float64 with an undeclared float32 by the table of float32, and fails the dtype', async () => {
    const result = await one(f64([1, 2]), f32([1.0000005, 2]));
    expect(errors(result)).toEqual(['dtype-changed']);
    expect(result.outputs[0]).toMatchObject({
      verdict: 'fail',
      grade: 'broken',
      referenceDtype: 'float64',
      candidateDtype: 'float32',
    });
    expect(result.outputs[0]?.samples[0]?.grade).toBe('equivalent');
  });

  it.each([
    ['float16', 1.001, 1.003],
    ['bfloat16', 1.0078125, 1.03],
    ['float64', 1.0000001, 1.000001],
  ] as const)('judges %s by its own row of the table', async (dtype, near, far) => {
    expect(await one(tensor(dtype, [1, 1]), tensor(dtype, [near, 1]))).toMatchObject({ grade: 'equivalent' });
    expect((await one(tensor(dtype, [1, 1]), tensor(dtype, [far, 1]))).verdict).toBe('fail');
  });

  it('takes denormals as numbers', async () => {
    const result = await one(f32([1e-45, 1e-40]), f32([0, 1e-40]));
    expect(result).toMatchObject({ verdict: 'pass', grade: 'equivalent' });
    expect(result.outputs[0]?.metrics.maxAbs).toBeGreaterThan(0);
  });

  it('survives values whose squares overflow', async () => {
    const result = await one(f64([1e200, 1e200]), f64([1e200, 1.01e200]));
    expect(result).toMatchObject({ verdict: 'fail', grade: 'different' });
    expect(result.outputs[0]?.metrics.scaled).toBeCloseTo(0.01, 6);
  });

  it('compares 0-d tensors', async () => {
    expect(await one(f32([1], []), f32([1], []))).toMatchObject({ grade: 'identical' });
    const result = await one(f32([1], []), f32([2], []));
    expect(result.outputs[0]).toMatchObject({
      grade: 'broken',
      worst: { index: [] },
      metrics: { argmaxAgreement: null },
    });
  });
});

describe('NaN, infinities, shape', () => {
  it('accepts NaN and infinities in the same places', async () => {
    const values = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1];
    expect(await one(f32(values), f32(values))).toMatchObject({ verdict: 'pass', grade: 'identical' });
    const result = await one(f32(values), f32([...values.slice(0, 3), 1.0000005]));
    expect(result).toMatchObject({ verdict: 'pass', grade: 'equivalent' });
    expect(result.outputs[0]?.histogram).toMatchObject({ zeros: 3, nonFinite: 3 });
  });

  it.each([
    ['reference', Number.NaN, 1],
    ['candidate', 1, Number.NaN],
  ])('fails NaN that only the %s has', async (_side, r, c) => {
    const result = await one(f32([r, 1]), f32([c, 1]));
    expect(errors(result)).toEqual(['nan-differs']);
    expect(result).toMatchObject({ grade: 'broken' });
    expect(result.outputs[0]?.worst).toMatchObject({ index: [0] });
  });

  it.each([
    [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
    [Number.POSITIVE_INFINITY, 1],
    [1, Number.NEGATIVE_INFINITY],
  ])('fails infinities: %s against %s', async (r, c) => {
    expect(errors(await one(f32([r, 1]), f32([c, 1])))).toEqual(['inf-differs']);
  });

  it('reports NaN, infinities and values apart, in that order', async () => {
    const result = await one(f32([Number.NaN, 1, 1, 1]), f32([1, Number.POSITIVE_INFINITY, 5, 1]));
    expect(errors(result)).toEqual(['nan-differs', 'inf-differs', 'values-differ']);
    expect(findingOf(result, 'values-differ').args.index).toEqual([0]);
  });

  it('looks at the shape before any number', async () => {
    const result = await one(f32([1, 2]), f32([1, 2], [1, 2]));
    expect(errors(result)).toContain('shape-differs');
    expect(result).toMatchObject({ verdict: 'fail', grade: 'broken' });
    expect(says(result, 'shape-differs')).toBe('output y: shape [1, 2] instead of [2] in sample s0');
  });
});

describe('integers, booleans, strings', () => {
  it('holds integers to exactness beyond 2^53', async () => {
    const large = 2n ** 53n;
    const result = await one(i64([large, 5n]), i64([large + 1n, 5n]));
    expect(errors(result)).toEqual(['values-differ']);
    expect(result.outputs[0]?.worst).toMatchObject({ reference: '9007199254740992', candidate: '9007199254740993' });
    expect(result.outputs[0]).toMatchObject({
      tolerance: { atol: 0, rtol: 0, source: 'exact' },
      metrics: { maxAbs: 1, cosine: null },
    });
    expect(await one(i64([large + 1n]), i64([large + 1n]))).toMatchObject({ grade: 'identical' });
  });

  it('compares uint64 beyond the range of int64', async () => {
    const top = 2n ** 64n - 1n;
    expect(await one(tensor('uint64', [top]), tensor('uint64', [top]))).toMatchObject({ grade: 'identical' });
    const result = await one(tensor('uint64', [top]), tensor('uint64', [0n]));
    expect(result.outputs[0]?.metrics.maxAbs).toBe(String(top));
  });

  it('is not loosened for integers by a rule for all outputs', async () => {
    const scene = { reference: [{ y: tensor('int32', [3, 4]) }], candidate: [{ y: tensor('int32', [3, 5]) }] };
    const all = await compareScene({ ...scene, rules: { tolerances: { '*': { kind: 'bounds', atol: 1, rtol: 0 } } } });
    expect(errors(all)).toEqual(['values-differ']);
    const named = await compareScene({ ...scene, rules: { tolerances: { y: { kind: 'bounds', atol: 1, rtol: 0 } } } });
    expect(named.verdict).toBe('pass');
  });

  it('grades an image off by one less than a wrong class', async () => {
    const image = await one(tensor('uint8', [200, 201, 202]), tensor('uint8', [201, 202, 203]));
    expect(image).toMatchObject({ verdict: 'fail', grade: 'different' });
    expect(await one(tensor('uint8', [0, 1]), tensor('uint8', [1, 0]))).toMatchObject({
      verdict: 'fail',
      grade: 'broken',
    });
  });

  it('does not take the same bytes for the same numbers', async () => {
    const result = await one(tensor('uint8', [255]), tensor('int8', [-1]));
    expect(errors(result)).toEqual(['dtype-changed', 'values-differ']);
    expect(result.outputs[0]?.samples[0]?.grade).toBe('broken');
  });

  it('shows booleans as booleans', async () => {
    const result = await one(tensor('bool', [1, 0]), tensor('bool', [1, 1]));
    expect(result.outputs[0]).toMatchObject({
      verdict: 'fail',
      worst: { index: [1], reference: false, candidate: true },
      metrics: { maxAbs: null },
    });
  });

  it('compares strings exactly', async () => {
    expect(await one(text(['a', 'b']), text(['a', 'b']))).toMatchObject({ grade: 'identical' });
    const result = await one(text(['a', 'b']), text(['a', 'c']));
    expect(says(result, 'values-differ')).toContain('at [1]: candidate c, reference b');
    expect(result.outputs[0]?.metrics).toMatchObject({ mismatchFraction: 0.5, rmse: null, maxAbs: null });
  });

  it('cannot compare strings with numbers', async () => {
    const result = await one(text(['1']), i64([1]));
    expect(errors(result)).toEqual(['dtype-changed']);
    expect(result.grade).toBe('broken');
  });
});

describe('argmax agreement', () => {
  it('counts rows, and a tie as agreement', async () => {
    const result = await one(f32([1, 2, 5, 5, 7, 1], [3, 2]), f32([1, 2, 5, 5.000001, 1, 7], [3, 2]));
    expect(result.outputs[0]?.metrics.argmaxAgreement).toBeCloseTo(2 / 3, 12);
  });

  it('is not defined for one column', async () => {
    expect((await one(f32([1, 2], [2, 1]), f32([1, 2], [2, 1]))).outputs[0]?.metrics.argmaxAgreement).toBeNull();
  });
});
