import { describe, expect, it } from 'vitest';
import { compareScene, contractOf, errors, f32, findingOf, says, spec } from './scene.ts';

const y = { y: f32([1, 2]) };
const failure = (message = 'it broke', code = 'run-failed') => ({ failure: { code, message, fix: 'mend it' } });
const empty = { y: f32([], [0, 4]) };

describe('honest accounting', () => {
  it('does not pass without samples', async () => {
    const result = await compareScene({ reference: [], candidate: [] });
    expect(result).toMatchObject({ verdict: 'unverifiable', grade: null, outputs: [], worstSample: null });
    expect(errors(result)).toEqual(['no-sample-compared']);
  });

  it('does not pass a model without outputs', async () => {
    expect(errors(await compareScene({ reference: [{}], candidate: [{}] }))).toEqual(['no-sample-compared']);
  });

  it('fails a candidate that fails where the reference runs', async () => {
    const result = await compareScene({ reference: [y, y, y], candidate: [y, failure(), failure()] });
    expect(result).toMatchObject({ verdict: 'fail', grade: 'broken', worstSample: 's1' });
    expect(errors(result)).toEqual(['candidate-failed', 'fewer-samples']);
    expect(says(result, 'candidate-failed')).toBe(
      'candidate: the candidate failed on sample s1 (and 1 more): it broke',
    );
    expect(result.samples).toEqual([
      { id: 's0', verdict: 'pass' },
      { id: 's1', verdict: 'fail', failure: failure().failure },
      { id: 's2', verdict: 'fail', failure: failure().failure },
    ]);
  });

  it('fails a candidate that fails everywhere', async () => {
    const result = await compareScene({ reference: [y], candidate: [failure()] });
    expect(result).toMatchObject({ verdict: 'fail', worstSample: 's0' });
    expect(errors(result)).toContain('no-sample-compared');
  });

  it('cannot judge a sample that the reference fails, whatever the candidate does', async () => {
    for (const answer of [y, failure()]) {
      const result = await compareScene({ reference: [y, failure('too small')], candidate: [y, answer] });
      expect(result).toMatchObject({ verdict: 'unverifiable', grade: 'identical', worstSample: 's1' });
      expect(errors(result)).toEqual(['reference-failed', 'fewer-samples']);
      expect(findingOf(result, 'fewer-samples').args).toEqual({ compared: 1, planned: 2 });
      expect(result.samples[1]).toMatchObject({ verdict: 'unverifiable', failure: { message: 'too small' } });
    }
  });

  it('takes a reference that never ran for an error', async () => {
    const result = await compareScene({ reference: [failure(), failure()], candidate: [y, y] });
    expect(result).toMatchObject({ verdict: 'error', grade: null });
    expect(errors(result)).toContain('no-sample-compared');
  });

  it('notices a planned sample that nobody ran', async () => {
    const result = await compareScene({ reference: [y, y], candidate: [y, 'not run'] });
    expect(result.verdict).toBe('unverifiable');
    expect(errors(result)).toEqual(['sample-not-run', 'fewer-samples']);
  });

  it('keeps the tensors of a sample that has some, before one that failed', async () => {
    const result = await compareScene({ reference: [y, y, y], candidate: [failure(), y, { y: f32([1, 2.1]) }] });
    expect(result.worstSample).toBe('s2');
  });

  it('passes when all planned samples were compared', async () => {
    expect(await compareScene({ reference: [y, y], candidate: [y, y] })).toMatchObject({
      verdict: 'pass',
      worstSample: 's0',
    });
  });
});

describe('tensors that prove nothing', () => {
  it('does not pass an output that is empty in every sample', async () => {
    const result = await compareScene({ reference: [empty], candidate: [empty] });
    expect(result.verdict).toBe('unverifiable');
    expect(errors(result)).toEqual(['empty-output', 'no-sample-compared']);
    expect(result.outputs[0]).toMatchObject({ verdict: 'unverifiable', grade: null });
  });

  it('does not let one output speak for another that is always empty', async () => {
    const both = { z: f32([1]), ...empty };
    const result = await compareScene({ reference: [both], candidate: [both] });
    expect(errors(result)).toEqual(['empty-output']);
    expect(result.outputs.map((o) => o.verdict)).toEqual(['pass', 'unverifiable']);
  });

  it('warns of an empty sample beside full ones, but counts it as not compared', async () => {
    const result = await compareScene({ reference: [y, { y: f32([], [0]) }], candidate: [y, { y: f32([], [0]) }] });
    expect(findingOf(result, 'empty-output').severity).toBe('warning');
    expect(errors(result)).toEqual(['fewer-samples']);
    expect(result.samples.map((s) => s.verdict)).toEqual(['pass', 'unverifiable']);
  });

  it('fails an empty tensor against a full one', async () => {
    expect(errors(await compareScene({ reference: [y], candidate: [{ y: f32([], [0]) }] }))).toContain('shape-differs');
  });

  it('does not pass a reference without a finite value', async () => {
    const nan = { y: f32([Number.NaN, Number.POSITIVE_INFINITY]) };
    const result = await compareScene({ reference: [nan, nan], candidate: [nan, nan] });
    expect(errors(result)).toEqual(['no-finite-reference']);
    expect(result.verdict).toBe('unverifiable');
    expect(await compareScene({ reference: [nan, y], candidate: [nan, y] })).toMatchObject({ verdict: 'pass' });
  });

  it('fails an output that the contract promises and nobody gives', async () => {
    const contract = contractOf([spec('y'), spec('z')]);
    const both = { y: f32([1, 2]), z: f32([3]) };
    const result = await compareScene({
      reference: { answers: [both], contract },
      candidate: { answers: [y], contract },
    });
    expect(says(result, 'output-absent')).toBe('output z: the candidate gave no such output in sample s0');
    expect(result).toMatchObject({ verdict: 'fail', grade: 'broken' });
  });

  it('finds outputs by position where a runtime calls them other than its contract', async () => {
    const contract = contractOf([spec('p'), spec('q')], { names: 'generated' });
    const answers = [{ p: f32([1]), q: f32([2]) }];
    const result = await compareScene({
      reference: { answers, contract },
      candidate: { answers: [{ 'p:0': f32([1]), 'q:0': f32([2]) }], contract },
    });
    expect(result).toMatchObject({ verdict: 'pass', grade: 'identical' });
  });
});

describe('sides that are no use', () => {
  it.each(['reference', 'candidate'] as const)('is an error when the %s cannot be observed', async (side) => {
    const good = { answers: [y], contract: contractOf([spec('y')]) };
    const bad = { answers: [], failure: { code: 'model-load-failed', message: 'not an ONNX file' } };
    const result = await compareScene({ reference: good, candidate: good, [side]: bad });
    expect(result).toMatchObject({
      verdict: 'error',
      grade: null,
      outputs: [],
      samples: [{ id: 's0', verdict: 'error' }],
    });
    expect(says(result, 'model-load-failed')).toBe(`${side}: not an ONNX file`);
  });

  it('keeps the code of an outside toolchain', async () => {
    const result = await compareScene({
      reference: [y],
      candidate: { answers: [], failure: { code: 'flux-lost', message: 'gone' } },
    });
    expect(result.findings).toMatchObject([
      { code: 'flux-lost', where: 'candidate', severity: 'error', args: { message: 'gone' } },
    ]);
  });

  it('has no judge in a reference in training mode', async () => {
    const candidate = [{ y: f32([1, 9]) }];
    const result = await compareScene({
      reference: { answers: [y], facts: { training: ['dropout', 'bn1'] } },
      candidate,
    });
    expect(result).toMatchObject({ verdict: 'unverifiable', grade: null, samples: [{ verdict: 'unverifiable' }] });
    expect(errors(result)).toEqual(['reference-training']);
    expect(result.outputs[0]).toMatchObject({ verdict: 'unverifiable', metrics: { maxAbs: 7 } });
    const single = await compareScene({
      reference: { answers: [y], facts: { training: ['dropout'] } },
      candidate: [y],
    });
    expect(single.verdict).toBe('unverifiable');
    const calm = await compareScene({ reference: { answers: [y], facts: { training: [] } }, candidate: [y] });
    expect(calm.verdict).toBe('pass');
  });
});
