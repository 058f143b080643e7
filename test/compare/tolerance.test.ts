import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { PRESETS } from '../../src/compare/tolerance/presets.ts';
import type { ToleranceRule } from '../../src/records/rules.ts';
import { parseTolerances } from '../../src/suite/tolerance-text.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { codes, compareScene, errors, f32, f64, findingOf, says, tensor } from './scene.ts';

const under = (rule: ToleranceRule, reference: Tensor, candidate: Tensor, name = 'y') =>
  compareScene({
    reference: [{ y: reference }],
    candidate: [{ y: candidate }],
    rules: { tolerances: { [name]: rule } },
  });

describe('bounds', () => {
  // All of these are exact in binary, so the boundary is exact too.
  it.each([
    [0.25, 0, 1, 1.25, 'pass'],
    [0.25, 0, 1, 1.25 + 2 ** -52, 'fail'],
    [0, 0.25, 4, 5, 'pass'],
    [0, 0.25, 4, 5 + 2 ** -50, 'fail'],
    [0, 0.25, -4, -3, 'pass'],
    // The reference is on the right: a quarter of 4 is 1, a quarter of 5 would be more.
    [0, 0.25, 5, 3.75, 'pass'],
    [0, 0.25, 4, 5.25, 'fail'],
    [0.5, 0.25, 2, 3, 'pass'],
    [0.5, 0.25, 2, 3.0625, 'fail'],
  ])('atol %s + rtol %s: reference %s, candidate %s → %s', async (atol, rtol, r, c, verdict) => {
    const result = await under({ kind: 'bounds', atol, rtol }, f64([r]), f64([c]));
    expect(result.verdict).toBe(verdict);
    expect(result.outputs[0]?.tolerance).toEqual({ atol, rtol, source: 'suite' });
  });

  it('moves the gate, never the grade', async () => {
    expect(await under({ kind: 'bounds', atol: 10, rtol: 0 }, f32([1, 1]), f32([1, 3]))).toMatchObject({
      verdict: 'pass',
      grade: 'broken',
      findings: [],
    });
    const strict = await under({ kind: 'bounds', atol: 0, rtol: 0 }, f32([1, 1]), f32([1, 1.000001]));
    expect(strict).toMatchObject({ verdict: 'fail', grade: 'equivalent' });
    expect(errors(strict)).toEqual(['values-differ']);
  });

  it('does not excuse NaN or infinities', async () => {
    const rule: ToleranceRule = { kind: 'bounds', atol: Number.MAX_VALUE, rtol: 1 };
    expect(errors(await under(rule, f32([1, 1]), f32([1, Number.NaN])))).toEqual(['nan-differs']);
    expect(errors(await under(rule, f32([1, 1]), f32([1, Number.POSITIVE_INFINITY])))).toEqual(['inf-differs']);
  });

  it('prefers the rule that names the output', async () => {
    const scene = { reference: [{ a: f32([1]), b: f32([1]) }], candidate: [{ a: f32([1.5]), b: f32([1.5]) }] };
    const result = await compareScene({
      ...scene,
      rules: { source: 'command line', tolerances: { '*': { kind: 'bounds', atol: 1, rtol: 0 }, b: { kind: 'auto' } } },
    });
    expect(result.outputs.map((o) => [o.verdict, o.tolerance.source])).toEqual([
      ['pass', 'command line'],
      ['fail', 'dtype-table'],
    ]);
  });

  it('warns about a rule for an output that does not exist', async () => {
    const result = await under({ kind: 'auto' }, f32([1]), f32([1]), 'z');
    expect(codes(result.findings, 'warning')).toEqual(['tolerance-unknown']);
    expect(says(result, 'tolerance-unknown')).toContain('the outputs are y');
  });
});

describe('relative', () => {
  it('is a share of rms(reference)', async () => {
    const rule: ToleranceRule = { kind: 'relative', fraction: 0.25 };
    expect((await under(rule, f64([2, -2]), f64([2.5, -2]))).verdict).toBe('pass');
    expect((await under(rule, f64([2, -2]), f64([2.5 + 2 ** -50, -2]))).verdict).toBe('fail');
  });

  it('falls back to rounding where the reference is all zeros', async () => {
    const rule: ToleranceRule = { kind: 'relative', fraction: 0.1 };
    expect((await under(rule, f32([0, 0]), f32([0, 1e-6]))).verdict).toBe('pass');
    expect((await under(rule, f32([0, 0]), f32([0, 1e-3]))).verdict).toBe('fail');
  });
});

describe('presets', () => {
  const scale = f64([1, -1, 1, -1]);
  it.each(['float16', 'bfloat16', 'int8'] as const)('%s ends where its table says', async (preset) => {
    const { ofScale, rtol } = PRESETS[preset];
    const limit = ofScale + rtol;
    expect((await under({ kind: 'preset', preset }, scale, f64([1 + limit * 0.999, -1, 1, -1]))).verdict).toBe('pass');
    const beyond = await under({ kind: 'preset', preset }, scale, f64([1 + limit * 1.001, -1, 1, -1]));
    expect(beyond.verdict).toBe('fail');
    expect(beyond.outputs[0]?.tolerance.source).toBe(`preset ${preset}`);
  });

  it('orders the presets by precision', () => {
    expect(PRESETS.float16.ofScale).toBeLessThan(PRESETS.bfloat16.ofScale);
    expect(PRESETS.bfloat16.ofScale).toBeLessThan(PRESETS.int8.ofScale);
  });

  it('float32 is the table of float32, also for float64 tensors', async () => {
    expect(await under({ kind: 'preset', preset: 'float32' }, f64([1]), f64([1 + 5e-6]))).toMatchObject({
      verdict: 'pass',
      grade: 'close',
    });
    expect((await under({ kind: 'preset', preset: 'float32' }, f64([1]), f64([1 + 5e-5]))).verdict).toBe('fail');
  });

  it('gives int8 the step of the whole output in a small sample, and float16 that of the sample', async () => {
    const scene = {
      reference: [{ y: f32([10, -10]) }, { y: f32([0.01, 0.01]) }],
      candidate: [{ y: f32([10, -10]) }, { y: f32([0.01, 0.5]) }],
    };
    const run = async (preset: 'int8' | 'float16') =>
      (await compareScene({ ...scene, rules: { tolerances: { '*': { kind: 'preset', preset } } } })).verdict;
    expect(await run('int8')).toBe('pass');
    expect(await run('float16')).toBe('fail');
  });
});

describe('the suggested line', () => {
  const accepts = async (reference: Tensor[], candidate: Tensor[], name = 'y') => {
    const scene = {
      reference: reference.map((y) => ({ [name]: y })),
      candidate: candidate.map((y) => ({ [name]: y })),
    };
    const first = await compareScene(scene);
    const accept = String(findingOf(first, 'values-close').args.accept);
    const tolerances = parseTolerances(parse(accept).tolerance);
    expect(await compareScene({ ...scene, rules: { tolerances } })).toMatchObject({ verdict: 'pass', grade: 'close' });
    return accept;
  };

  it('is a share of scale where that accepts every sample', async () => {
    expect(await accepts([f32([1, -1])], [f32([1.0009, -1])])).toBe('tolerance: { y: { relative: "0.1%" } }');
  });

  it('is a bound where a sample near zero has rounding of its own', async () => {
    const tiny = [f32([1e-5, 1e-5]), f32([1.5e-5, 1e-5])] as const;
    expect(await accepts([f32([1, -1]), tiny[0]], [f32([1.0006, -1]), tiny[1]])).toBe(
      'tolerance: { y: { atol: 0.0006 } }',
    );
  });

  it('quotes a name that YAML would read otherwise', async () => {
    expect(await accepts([f32([1, -1])], [f32([1.0009, -1])], 'a: "b"')).toContain('"a: \\"b\\""');
  });

  it('is accepted over many sizes of error', async () => {
    for (let i = 0; i < 20; i++) {
      const error = 1.3e-5 * 1.2 ** i;
      await accepts([f32([1, -1]), f32([1e-6])], [f32([1 + error, -1]), f32([2e-6])]);
    }
  });
});

describe('less precise outputs', () => {
  it('takes the table of the less precise side', async () => {
    const result = await compareScene({
      reference: [{ y: f32([1, 2]) }],
      candidate: [{ y: tensor('float16', [1.0009765625, 2]) }],
      declared: [{ side: 'output', name: 'y', dtype: 'float16', reason: 'float16 outputs' }],
    });
    expect(result).toMatchObject({ verdict: 'pass', grade: 'equivalent' });
    expect(codes(result.findings)).toEqual(['dtype-declared']);
  });
});
