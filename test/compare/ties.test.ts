import { describe, expect, it } from 'vitest';
import { codes, compareScene, contractOf, errors, f32, findingOf, i64, spec, tensor, text } from './scene.ts';

const scores = f32([0.5, 0.5, 0.0, 0.1, 0.2, 0.7], [2, 3]);
const contract = contractOf([spec('label', { dtype: 'int64', argmaxOf: 'scores' }), spec('scores')]);
const pair = (reference: object, candidate: object, more: object = {}) =>
  compareScene({
    reference: { answers: [reference as never], contract },
    candidate: { answers: [candidate as never], contract },
    ...more,
  });

describe('labels that are an argmax', () => {
  it('excuses a label whose score is equal', async () => {
    const result = await pair({ label: i64([0, 2]), scores }, { label: i64([1, 2]), scores });
    expect(result).toMatchObject({ verdict: 'pass', grade: 'equivalent' });
    expect(codes(result.findings)).toEqual(['values-tied']);
    expect(findingOf(result, 'values-tied').args.count).toBe(1);
    expect(result.outputs[0]?.metrics).toMatchObject({ ties: 1, mismatchFraction: 0, maxAbs: 1 });
  });

  it('excuses scores that are equal up to rounding', async () => {
    const near = f32([0.500001, 0.5, 0.0, 0.1, 0.2, 0.7], [2, 3]);
    const result = await pair({ label: i64([0, 2]), scores: near }, { label: i64([1, 2]), scores });
    expect(result).toMatchObject({ verdict: 'pass' });
  });

  it('does not excuse a label whose score is another', async () => {
    const result = await pair({ label: i64([0, 2]), scores }, { label: i64([1, 1]), scores });
    expect(errors(result)).toEqual(['values-differ']);
    expect(result.outputs[0]).toMatchObject({
      metrics: { ties: 1, mismatchFraction: 0.5 },
      worst: { index: [1], reference: 2, candidate: 1 },
    });
  });

  it('does not excuse a near miss', async () => {
    const apart = f32([0.501, 0.5, 0.0, 0.1, 0.2, 0.7], [2, 3]);
    expect(errors(await pair({ label: i64([0, 2]), scores: apart }, { label: i64([1, 2]), scores: apart }))).toEqual([
      'values-differ',
    ]);
  });

  it('asks the candidate’s scores as well', async () => {
    const other = f32([0.1, 0.9, 0.0, 0.1, 0.2, 0.7], [2, 3]);
    const result = await pair({ label: i64([0, 2]), scores }, { label: i64([1, 2]), scores: other });
    expect(findingOf(result, 'values-differ').where).toBe('output label');
  });

  it('excuses no label outside the scores', async () => {
    expect(errors(await pair({ label: i64([0, 2]), scores }, { label: i64([7, 2]), scores }))).toEqual([
      'values-differ',
    ]);
  });

  it('finds the score of a named class', async () => {
    const named = contractOf([
      spec('label', { dtype: 'string', argmaxOf: 'scores', classes: ['cat', 'dog', 'emu'] }),
      spec('scores'),
    ]);
    const run = (label: string) =>
      compareScene({
        reference: { answers: [{ label: text(['cat', 'emu']), scores }], contract: named },
        candidate: { answers: [{ label: text([label, 'emu']), scores }], contract: named },
      });
    expect(await run('dog')).toMatchObject({ verdict: 'pass' });
    expect(errors(await run('emu'))).toEqual(['values-differ']);
  });

  it('finds the score of integer classes that are not their index', async () => {
    const classes = contractOf([
      spec('label', { dtype: 'int64', argmaxOf: 'scores', classes: [10, 20, 30] }),
      spec('scores'),
    ]);
    const answers = (label: bigint) => ({ answers: [{ label: i64([label, 30n]), scores }], contract: classes });
    expect(await compareScene({ reference: answers(10n), candidate: answers(20n) })).toMatchObject({ verdict: 'pass' });
  });

  it('takes the suite’s word where no contract tells', async () => {
    const scene = { reference: [{ label: i64([0, 2]), scores }], candidate: [{ label: i64([1, 2]), scores }] };
    expect(errors(await compareScene(scene))).toEqual(['values-differ']);
    expect(await compareScene({ ...scene, rules: { ties: { label: 'scores' } } })).toMatchObject({ verdict: 'pass' });
    const lost = await compareScene({ ...scene, rules: { ties: { label: 'logits' } } });
    expect(codes(lost.findings, 'warning')).toEqual(['scores-unknown']);
    expect(lost.verdict).toBe('fail');
  });

  it('knows argmax over an inner axis, kept dimensions and top-k', async () => {
    const map = f32([1, 5, 1, 3, 2, 5, 1, 4], [1, 2, 2, 2]);
    const rules = { ties: { label: 'map' } };
    const run = (shape: number[], reference: number[], candidate: number[]) =>
      compareScene({
        reference: [{ label: i64(reference, shape), map }],
        candidate: [{ label: i64(candidate, shape), map }],
        rules,
      });
    // Over axis 3 the last one counts; kept as 1; over axis 1 the channel, where [1, 2], [5, 5], [1, 1], [3, 4] meet.
    expect(await run([1, 1, 2, 2], [1, 0, 0, 1], [1, 1, 1, 1])).toMatchObject({
      verdict: 'pass',
      outputs: [{ metrics: { ties: 2 } }, {}],
    });
    expect((await run([1, 1, 2, 2], [1, 0, 0, 1], [0, 1, 1, 1])).verdict).toBe('fail');
    const topk = await compareScene({
      reference: [{ label: i64([0, 1], [1, 2]), map: f32([4, 3, 3], [1, 3]) }],
      candidate: [{ label: i64([0, 2], [1, 2]), map: f32([4, 3, 3], [1, 3]) }],
      rules,
    });
    expect(topk).toMatchObject({ verdict: 'pass' });
  });

  it('does not excuse floats', async () => {
    const rules = { ties: { y: 'scores' } };
    const scene = { reference: [{ y: f32([0, 2]), scores }], candidate: [{ y: f32([1, 2]), scores }], rules };
    expect((await compareScene(scene)).verdict).toBe('fail');
  });
});

describe('quantised outputs', () => {
  const quantization = { scales: [0.5], zeroPoints: [10] };
  const int8 = contractOf([spec('y', { dtype: 'int8', quantization })]);
  const float = contractOf([spec('y')]);

  it('dequantises before comparing', async () => {
    const result = await compareScene({
      reference: { answers: [{ y: f32([0, 1, -2]) }], contract: float },
      candidate: { answers: [{ y: tensor('int8', [10, 12, 6]) }], contract: int8 },
    });
    expect(result).toMatchObject({ verdict: 'pass', grade: 'equivalent' });
    expect(codes(result.findings)).toEqual(['dtype-declared']);
    expect(result.outputs[0]).toMatchObject({
      candidateDtype: 'int8',
      metrics: { maxAbs: 0, scale: expect.closeTo(1.29, 2) },
    });
  });

  it('shows real values where they differ', async () => {
    const result = await compareScene({
      reference: { answers: [{ y: f32([0, 1, -2]) }], contract: float },
      candidate: { answers: [{ y: tensor('int8', [10, 14, 6]) }], contract: int8 },
    });
    expect(result.outputs[0]?.worst).toMatchObject({ index: [1], reference: 1, candidate: 2 });
  });

  it('does not let the candidate’s own step excuse its error, but does let the reference’s', async () => {
    const exact = { answers: [{ y: f32([0.5, 1, -2]) }], contract: float };
    const coarse = { answers: [{ y: tensor('int8', [10, 12, 6]) }], contract: int8 };
    expect((await compareScene({ reference: exact, candidate: coarse })).verdict).toBe('fail');
    expect(await compareScene({ reference: coarse, candidate: exact })).toMatchObject({
      verdict: 'pass',
      grade: 'equivalent',
    });
    const two = { answers: [{ y: f32([1.01, 1, -2]) }], contract: float };
    expect((await compareScene({ reference: coarse, candidate: two })).verdict).toBe('fail');
  });

  it('dequantises along an axis', async () => {
    const perAxis = contractOf([
      spec('y', { dtype: 'uint8', quantization: { scales: [1, 10], zeroPoints: [0, 5], axis: 1 } }),
    ]);
    const result = await compareScene({
      reference: { answers: [{ y: f32([1, 10, 2, 20], [2, 2]) }], contract: float },
      candidate: { answers: [{ y: tensor('uint8', [1, 6, 2, 7], [2, 2]) }], contract: perAxis },
    });
    expect(result).toMatchObject({ verdict: 'pass', outputs: [{ metrics: { maxAbs: 0 } }] });
    const rows = contractOf([
      spec('y', { dtype: 'uint8', quantization: { scales: [1, 10], zeroPoints: [0, 5], axis: -2 } }),
    ]);
    const byRow = await compareScene({
      reference: { answers: [{ y: f32([1, 6, 10, 20], [2, 2]) }], contract: float },
      candidate: { answers: [{ y: tensor('uint8', [1, 6, 6, 7], [2, 2]) }], contract: rows },
    });
    expect(byRow).toMatchObject({ verdict: 'pass', outputs: [{ metrics: { maxAbs: 0 } }] });
  });

  it('fails a float output that became integers without parameters', async () => {
    const result = await compareScene({ reference: [{ y: f32([1, 2]) }], candidate: [{ y: tensor('int8', [1, 2]) }] });
    expect(errors(result)).toEqual(['dtype-changed']);
  });

  it('finds the same stored integers under other parameters', async () => {
    const other = contractOf([spec('y', { dtype: 'int8', quantization: { scales: [5], zeroPoints: [10] } })]);
    const answers = [{ y: tensor('int8', [10, 12, 6]) }];
    expect(
      (await compareScene({ reference: { answers, contract: int8 }, candidate: { answers, contract: other } })).verdict,
    ).toBe('fail');
    expect(
      await compareScene({ reference: { answers, contract: int8 }, candidate: { answers, contract: int8 } }),
    ).toMatchObject({ grade: 'identical' });
  });
});
