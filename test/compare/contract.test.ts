import { describe, expect, it } from 'vitest';
import type { DeclaredChange } from '../../src/records/artifact.ts';
import type { Dim, IoContract } from '../../src/records/contract.ts';
import { codes, compareScene, contractOf, errors, f32, findingOf, i64, sampleOf, says, spec, tensor } from './scene.ts';

const y = () => ({ y: f32([1, 2]) });

/** One sample of equal values under two contracts. */
const under = (reference: IoContract | null, candidate: IoContract | null, more: object = {}) =>
  compareScene({
    reference: { answers: [y()], contract: reference },
    candidate: { answers: [y()], contract: candidate },
    ...more,
  });

const inputs = (...specs: IoContract['inputs']): IoContract => ({ ...contractOf([spec('y')]), inputs: specs });

describe('names', () => {
  it('pairs a reference without names by position', async () => {
    const result = await compareScene({
      reference: [{ output: f32([1, 2]) }],
      candidate: {
        answers: [{ linear_1: f32([1, 2]) }],
        contract: contractOf([spec('linear_1', { shape: ['batch'] })]),
      },
    });
    expect(result).toMatchObject({ verdict: 'pass', findings: [] });
    expect(result.outputs[0]).toMatchObject({ name: 'output', candidateName: 'linear_1', pairedBy: 'position' });
    expect(result.contract[0]).toMatchObject({
      pairedBy: 'position',
      differences: [],
      reference: { dtype: 'float32', shape: [2] },
    });
  });

  it('fails a declared name that changed, and still compares the values', async () => {
    const result = await compareScene({
      reference: { answers: [y()], contract: contractOf([spec('y')]) },
      candidate: { answers: [{ z: f32([1, 2]) }], contract: contractOf([spec('z')]) },
    });
    expect(errors(result)).toEqual(['name-changed']);
    expect(result).toMatchObject({ verdict: 'fail', grade: 'broken', contract: [{ differences: ['name'] }] });
    expect(result.outputs[0]?.metrics.maxAbs).toBe(0);
  });

  it('accepts the same change when the suite maps it', async () => {
    const scene = {
      reference: { answers: [y()], contract: contractOf([spec('y')]) },
      candidate: { answers: [{ z: f32([1, 2]) }], contract: contractOf([spec('z')]) },
    };
    const mapped = await compareScene({ ...scene, sameFormat: true, rules: { mapOutputs: { y: 'z' } } });
    expect(mapped).toMatchObject({ verdict: 'pass', outputs: [{ pairedBy: 'map' }] });
    const declared = await compareScene({
      ...scene,
      declared: [{ side: 'output', name: 'y', to: 'z', reason: 'renamed' }],
    });
    expect(declared).toMatchObject({ verdict: 'pass', outputs: [{ pairedBy: 'declared' }] });
  });

  it('lets the map overrule equal names', async () => {
    const [a, b] = [f32([1, 2]), f32([30, 40])];
    const result = await compareScene({
      reference: [{ a, b }],
      candidate: [{ a: b, b: a }],
      rules: { mapOutputs: { a: 'b', b: 'a' } },
    });
    expect(result).toMatchObject({ verdict: 'pass', grade: 'identical' });
  });

  it('warns about a map that names nothing', async () => {
    const result = await compareScene({ reference: [y()], candidate: [y()], rules: { mapOutputs: { nothing: 'y' } } });
    expect(result.verdict).toBe('pass');
    expect(says(result, 'map-unknown')).toBe('output nothing is mapped, but the reference has no `nothing`; it has y');
  });

  it('fails an output that is missing or extra', async () => {
    const both = { y: f32([1, 2]), z: f32([5, 6]) };
    const contracts = [contractOf([spec('y'), spec('z')]), contractOf([spec('y')])] as const;
    const missing = await compareScene({
      reference: { answers: [both], contract: contracts[0] },
      candidate: { answers: [y()], contract: contracts[1] },
    });
    expect(errors(missing)).toEqual(['output-missing']);
    expect(missing.outputs[1]).toMatchObject({
      name: 'z',
      candidateName: null,
      pairedBy: 'none',
      verdict: 'fail',
      metrics: { elements: 0 },
    });
    const extra = await compareScene({
      reference: { answers: [y()], contract: contracts[1] },
      candidate: { answers: [both], contract: contracts[0] },
    });
    expect(errors(extra)).toEqual(['output-extra']);
    expect(extra.grade).toBe('broken');
  });

  it('tells outputs apart, and does not guess, where both sides declare names and differ in number', async () => {
    const result = await compareScene({
      reference: { answers: [y()], contract: contractOf([spec('y')]) },
      candidate: { answers: [{ k: f32([1, 2]), l: f32([1, 2]) }], contract: contractOf([spec('k'), spec('l')]) },
    });
    expect(result.findings.map((f) => `${f.code} ${f.where}`)).toEqual([
      'output-missing output y',
      'output-extra output k',
      'output-extra output l',
      'no-sample-compared samples',
    ]);
    expect(result.verdict).toBe('fail');
  });

  it('fails an input that was dropped or added', async () => {
    const two = inputs(spec('a'), spec('b'));
    expect(errors(await under(two, inputs(spec('a'))))).toEqual(['input-missing']);
    expect(errors(await under(inputs(spec('a')), two))).toEqual(['input-extra']);
    const declared: DeclaredChange[] = [{ side: 'input', name: 'b', reason: 'unused by the graph' }];
    expect(await under(two, inputs(spec('a')), { declared })).toMatchObject({ verdict: 'pass' });
  });

  it('pairs generated input names by position', async () => {
    const result = await under(inputs(spec('a')), { ...inputs(spec('serving_default_x:0')), names: 'generated' });
    expect(result).toMatchObject({
      verdict: 'pass',
      contract: [{ side: 'input', pairedBy: 'position', differences: [] }, {}],
    });
  });

  it('holds the same format to its order', async () => {
    const [a, b] = [inputs(spec('a'), spec('b')), inputs(spec('b'), spec('a'))];
    const strict = await under(a, b, { sameFormat: true });
    expect(errors(strict)).toEqual(['order-changed']);
    expect(says(strict, 'order-changed')).toBe('inputs: order changed from a, b to b, a');
    expect(await under(a, b)).toMatchObject({ verdict: 'pass' });
  });

  it('takes names out of models as data', async () => {
    const odd = { constructor: f32([1, 2]), __proto__x: f32([3, 4]) };
    expect(await compareScene({ reference: [odd], candidate: [odd] })).toMatchObject({
      verdict: 'pass',
      grade: 'identical',
    });
  });
});

describe('dtypes', () => {
  it('fails an undeclared change of an input', async () => {
    const result = await under(inputs(spec('ids', { dtype: 'int64' })), inputs(spec('ids', { dtype: 'int32' })));
    expect(errors(result)).toEqual(['dtype-changed']);
    expect(result).toMatchObject({ verdict: 'fail', grade: 'broken', contract: [{ differences: ['dtype'] }, {}] });
  });

  it('reports a declared change', async () => {
    const declared: DeclaredChange[] = [
      { side: 'input', name: 'ids', dtype: 'int32', reason: 'TFLite has no int64 here' },
    ];
    const result = await under(inputs(spec('ids', { dtype: 'int64' })), inputs(spec('ids', { dtype: 'int32' })), {
      declared,
    });
    expect(result.verdict).toBe('pass');
    expect(says(result, 'dtype-declared')).toBe(
      'input ids changed dtype from int64 to int32, as declared: TFLite has no int64 here',
    );
  });

  it('does not take a declaration of another dtype for this one', async () => {
    const declared: DeclaredChange[] = [{ side: 'input', name: 'ids', dtype: 'int16', reason: 'no' }];
    expect(
      errors(
        await under(inputs(spec('ids', { dtype: 'int64' })), inputs(spec('ids', { dtype: 'int32' })), { declared }),
      ),
    ).toEqual(['dtype-changed']);
  });

  it('lets an unknown dtype contradict nothing', async () => {
    expect(await under(inputs(spec('x', { dtype: null })), inputs(spec('x')))).toMatchObject({
      verdict: 'pass',
      findings: [],
    });
  });

  it('fails what came back, where the contracts are silent', async () => {
    const result = await compareScene({
      reference: [{ y: i64([1, 2]) }],
      candidate: { answers: [{ y: tensor('int32', [1, 2]) }], contract: contractOf([spec('y', { dtype: null })]) },
    });
    expect(errors(result)).toEqual(['dtype-changed']);
    expect(result.findings).toHaveLength(1);
    expect(result.outputs[0]).toMatchObject({ verdict: 'fail', metrics: { maxAbs: 0 } });
  });
});

describe('dimensions', () => {
  const shapes = (reference: Dim[] | null, candidate: Dim[] | null, more: object = {}) =>
    under(inputs(spec('x', { shape: reference })), inputs(spec('x', { shape: candidate })), more);

  it('fails another rank and another fixed size', async () => {
    expect(errors(await shapes([1, 8], [8]))).toEqual(['rank-changed']);
    const sizes = await shapes([1, 8], [1, 9]);
    expect(says(sizes, 'dim-changed')).toBe('input x: dimension 1 changed from 8 to 9');
    expect(sizes.contract[0]?.differences).toEqual(['shape']);
  });

  it.each([
    ['asked for', { rules: { dynamic: ['batch'] } }, 'error', 'fail'],
    ['same format', { sameFormat: true }, 'error', 'fail'],
    ['across formats', {}, 'warning', 'pass'],
    ['another one asked for', { rules: { dynamic: ['length'] } }, 'warning', 'pass'],
    ['declared', { declared: [{ side: 'input', name: 'x', shape: [1, 8], reason: 'static shapes' }] }, 'info', 'pass'],
    [
      'declared, yet asked for',
      { rules: { dynamic: ['batch'] }, declared: [{ side: 'input', name: 'x', shape: [1, 8], reason: 'static' }] },
      'error',
      'fail',
    ],
  ])('a frozen dimension: %s', async (_why, more, severity, verdict) => {
    const result = await shapes(['batch', 8], [1, 8], more);
    expect(findingOf(result, 'dim-frozen')).toMatchObject({
      severity,
      args: { axis: 0, reference: 'batch', candidate: 1 },
    });
    expect(result.verdict).toBe(verdict);
  });

  it('accepts a candidate that is more dynamic, or declares no shape', async () => {
    expect(await shapes([1, 8], ['n', 8], { sameFormat: true })).toMatchObject({ verdict: 'pass', findings: [] });
    expect(await shapes(['batch', 8], null)).toMatchObject({ verdict: 'pass', findings: [] });
  });

  it('takes sizes that vary over the samples for dynamic', async () => {
    const samples = [1, 2].map((n, i) => sampleOf(`s${i}`, [{ name: 'x', dtype: 'float32', shape: [n, 8] }]));
    const scene = {
      reference: [y(), y()],
      candidate: { answers: [y(), y()], contract: inputs(spec('x', { shape: [1, 8] })) },
      samples,
    };
    expect(codes((await compareScene(scene)).findings, 'warning')).toEqual(['dim-frozen']);
    expect(errors(await compareScene({ ...scene, rules: { dynamic: ['batch'] } }))).toEqual(['dim-frozen']);
  });

  it('compares sizes in the order of axes that the exporter declares', async () => {
    const layout = [0, 2, 3, 1];
    const declared = [{ side: 'input' as const, name: 'x', layout, reason: 'channels last' }];
    const right = await shapes(['batch', 3, 8, 9], [2, 8, 9, 3], { declared });
    expect(codes(right.findings, 'info')).toEqual(['layout-declared']);
    expect(findingOf(right, 'dim-frozen')).toMatchObject({ args: { axis: 0, candidate: 2 } });
    expect(errors(await shapes([2, 3, 8, 9], [2, 9, 8, 3], { declared }))).toEqual(['dim-changed']);
    expect(errors(await shapes([2, 3, 8, 9], [2, 8, 9, 3]))).toEqual(['dim-changed']);
  });

  it('does not take one seen size for a promise', async () => {
    const samples = [sampleOf('s0', [{ name: 'x', dtype: 'float32', shape: [2, 8] }])];
    const result = await compareScene({
      reference: [y()],
      candidate: { answers: [y()], contract: inputs(spec('x', { shape: [1, 8] })) },
      samples,
    });
    expect(result).toMatchObject({ verdict: 'pass', findings: [] });
  });

  it('reports a declared change of rank', async () => {
    const declared = [{ side: 'input', name: 'x', shape: [1, 8], reason: 'a batch axis was added' }];
    const result = await shapes([8], [1, 8], { declared });
    expect(result.verdict).toBe('pass');
    expect(says(result, 'shape-declared')).toBe(
      'input x changed shape from [8] to [1, 8], as declared: a batch axis was added',
    );
  });
});
