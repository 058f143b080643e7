import { describe, expect, it } from 'vitest';
import { ambiguous, perfectMatching } from '../../src/compare/contract/matching.ts';
import { compareScene, contractOf, errors, f32, findingOf, says, spec } from './scene.ts';

const [a, b, c] = [f32([1, 2, 3]), f32([10, -20, 30]), f32([7, 7, -7])];

/** A tuple against outputs with names of their own, paired by position. */
const tuple = (reference: readonly object[], candidate: readonly object[], more: object = {}) =>
  compareScene({
    reference: reference as never,
    candidate: {
      answers: candidate as never,
      contract: contractOf(Object.keys(candidate[0] ?? {}).map((name) => spec(name))),
    },
    ...more,
  });

describe('permuted outputs', () => {
  it('reports a swap that the values show', async () => {
    const result = await tuple([{ output_0: a, output_1: b }], [{ linear: b, add: a }]);
    expect(errors(result)).toEqual(['outputs-permuted']);
    expect(result).toMatchObject({ verdict: 'fail', grade: 'broken' });
    expect(says(result, 'outputs-permuted')).toBe(
      'outputs are permuted: output_0 = add, output_1 = linear fit by value',
    );
    expect(result.outputs).toMatchObject([
      { name: 'output_0', candidateName: 'add', pairedBy: 'value', verdict: 'fail', metrics: { maxAbs: 0 } },
      { name: 'output_1', candidateName: 'linear', pairedBy: 'value', verdict: 'fail' },
    ]);
    expect(result.contract).toMatchObject([{ pairedBy: 'value' }, { pairedBy: 'value' }]);
  });

  it('reports a swap under equal names', async () => {
    const result = await compareScene({ reference: [{ p: a, q: b }], candidate: [{ p: b, q: a }], sameFormat: true });
    expect(errors(result)).toEqual(['outputs-permuted']);
  });

  it('finds a rotation of three and leaves what is in place', async () => {
    const d = f32([4, 5, 6]);
    const result = await tuple([{ w: a, x: b, y: c, z: d }], [{ k: b, l: c, m: a, n: d }]);
    expect(findingOf(result, 'outputs-permuted').args.names).toEqual(['w', 'x', 'y']);
    expect(result.outputs[3]).toMatchObject({ candidateName: 'n', pairedBy: 'position', verdict: 'pass' });
  });

  it('finds a swap beside an output that is wrong in itself', async () => {
    const result = await tuple([{ x: a, y: b, z: c }], [{ k: b, l: a, m: f32([0, 0, 0]) }]);
    expect(errors(result)).toEqual(['outputs-permuted', 'values-differ']);
    expect(findingOf(result, 'values-differ').where).toBe('output z');
  });

  it('sees a swap through the noise of quantisation', async () => {
    const result = await tuple([{ x: a, y: b }], [{ k: f32([10.2, -20.1, 30.3]), l: f32([1.01, 2.02, 2.98]) }]);
    expect(errors(result)).toEqual(['outputs-permuted', 'values-differ']);
    expect(result.outputs[0]).toMatchObject({ candidateName: 'l', metrics: { scaled: expect.closeTo(0.0093, 3) } });
  });

  it('sees a swap of shapes where the values fit nowhere', async () => {
    const result = await tuple([{ x: f32([1, 2]), y: b }], [{ k: f32([9, 9, 9]), l: f32([50, 60]) }]);
    expect(says(result, 'outputs-permuted')).toContain('x = l, y = k fit by shape');
  });

  it('does not guess where another sample contradicts the swap', async () => {
    const result = await tuple(
      [
        { x: a, y: b },
        { x: a, y: b },
      ],
      [
        { k: b, l: a },
        { k: f32([5, 5, 5]), l: a },
      ],
    );
    expect(errors(result)).toEqual(['values-differ']);
    const reversed = await tuple(
      [
        { x: a, y: b },
        { x: a, y: b },
      ],
      [
        { k: f32([5, 5, 5]), l: a },
        { k: b, l: a },
      ],
    );
    expect(errors(reversed)).toEqual(['values-differ']);
  });

  it('does not question what the user mapped', async () => {
    const result = await compareScene({
      reference: [{ p: a, q: b }],
      candidate: [{ p: b, q: a }],
      rules: { mapOutputs: { p: 'p', q: 'q' } },
    });
    expect(errors(result)).toEqual(['values-differ']);
  });
});

describe('ambiguous pairings', () => {
  it('cannot tell outputs apart that agree in every sample', async () => {
    const scene = [[{ x: a, y: a }], [{ k: a, l: a }]] as const;
    const result = await tuple(...scene);
    expect(result.verdict).toBe('unverifiable');
    expect(errors(result)).toEqual(['pairing-ambiguous']);
    expect(result.outputs.map((o) => o.verdict)).toEqual(['unverifiable', 'unverifiable']);
    expect(await tuple(...scene, { rules: { mapOutputs: { x: 'k', y: 'l' } } })).toMatchObject({ verdict: 'pass' });
  });

  it('is settled by one sample that tells them apart', async () => {
    const result = await tuple(
      [
        { x: a, y: a },
        { x: a, y: b },
      ],
      [
        { k: a, l: a },
        { k: a, l: b },
      ],
    );
    expect(result).toMatchObject({ verdict: 'pass', findings: [] });
  });

  it('does not doubt outputs that are paired by name', async () => {
    expect(await compareScene({ reference: [{ x: a, y: a }], candidate: [{ x: a, y: a }] })).toMatchObject({
      verdict: 'pass',
    });
  });

  it('is unverifiable when several permutations fit better', async () => {
    const result = await tuple([{ w: a, x: a, y: b, z: b }], [{ k: b, l: b, m: a, n: a }]);
    expect(errors(result)).toEqual(['pairing-ambiguous', 'values-differ']);
    expect(findingOf(result, 'pairing-ambiguous').args.names).toEqual(['w', 'x', 'y', 'z']);
    // By position nothing fits, so it is wrong whichever of them is meant.
    expect(result.verdict).toBe('fail');
  });
});

describe('matching', () => {
  it('finds the only assignment and knows that it is the only one', () => {
    const fits = [
      [true, true, false],
      [true, false, false],
      [false, true, true],
    ];
    expect(perfectMatching(fits)).toEqual([1, 0, 2]);
    expect(ambiguous(fits, [1, 0, 2])).toEqual([]);
  });

  it('answers null where two want the same', () => {
    expect(
      perfectMatching([
        [true, false],
        [true, false],
      ]),
    ).toBeNull();
  });
});
