import { describe, expect, test } from 'vitest';
import { mergePlans } from '../../src/plan/merge.ts';
import { globMatches, type Selection } from '../../src/plan/select.ts';
import { plan } from './scene.ts';

const SUITE = `cases:
  digits: { source: tiny-mlp.onnx, tags: [vision], convert: [{ to: same }, { to: same, name: opt, run: onnxruntime, tags: [slow] }] }
  tokens: { source: tiny-mlp.onnx, convert: { to: same } }
  wine: { source: tiny-mlp-faulty.onnx, tags: [slow], convert: { to: same } }
`;
const ids = async (selection: Selection): Promise<string[]> =>
  (await plan(SUITE, selection)).conversions.map((c) => c.id);
const ALL = [
  'digits/same@onnxruntime-node',
  'digits/opt@onnxruntime',
  'tokens/same@onnxruntime-node',
  'wine/same@onnxruntime-node',
];

describe('--case', () => {
  test.each([
    ['digits', ['digits/same@onnxruntime-node', 'digits/opt@onnxruntime']],
    ['di*', ['digits/same@onnxruntime-node', 'digits/opt@onnxruntime']],
    ['*/same*', ['digits/same@onnxruntime-node', 'tokens/same@onnxruntime-node', 'wine/same@onnxruntime-node']],
    ['**@onnxruntime', ['digits/opt@onnxruntime']],
    ['wine/same@onnxruntime-node', ['wine/same@onnxruntime-node']],
    ['win?', ['wine/same@onnxruntime-node']],
    ['*', ALL],
  ])('%s', async (pattern, expected) => expect(await ids({ cases: [pattern] })).toEqual(expected));
  test('several are a union, in suite order', async () => {
    expect(await ids({ cases: ['wine', 'tokens'] })).toEqual([
      'tokens/same@onnxruntime-node',
      'wine/same@onnxruntime-node',
    ]);
  });
  test('a pattern that matches nothing is an error, also beside one that does', async () => {
    await expect(ids({ cases: ['digits', 'tokns/same@onnxruntime-node'] })).rejects.toMatchObject({
      code: 'no-such-case',
      exitCode: 2,
      message: '--case `tokns/same@onnxruntime-node` matches no conversion',
      fix: expect.stringMatching(/^did you mean `tokens\/same@onnxruntime-node`\? allowed: digits\/same/),
    });
  });
  test('characters of regular expressions are plain', () => {
    expect([globMatches('a.b', 'a.b/x'), globMatches('a.b', 'axb/x'), globMatches('a+(', 'a+(')]).toEqual([
      true,
      false,
      true,
    ]);
  });
});

describe('--tag', () => {
  test('of a case and of a conversion', async () => {
    expect(await ids({ tags: ['slow'] })).toEqual(['digits/opt@onnxruntime', 'wine/same@onnxruntime-node']);
  });
  test('with --case: both must hold; nothing left is not an error here, but proves nothing later', async () => {
    expect(await ids({ cases: ['tokens'], tags: ['slow'] })).toEqual([]);
  });
  test('an unknown one', async () => {
    await expect(ids({ tags: ['slwo'] })).rejects.toMatchObject({
      code: 'no-such-tag',
      message: '--tag `slwo` matches no conversion',
      fix: 'did you mean `slow`? allowed: vision, slow',
    });
  });
});

describe('--shard', () => {
  test.each([1, 2, 3, 4, 7])('%i shards: each case in exactly one, all of them together everything', async (count) => {
    const shards = await Promise.all(Array.from({ length: count }, (_, i) => ids({ shard: { index: i + 1, count } })));
    expect(shards.flat().sort()).toEqual([...ALL].sort());
    const cases = shards.map((shard) => new Set(shard.map((id) => id.split('/')[0])));
    for (const name of ['digits', 'tokens', 'wine']) expect(cases.filter((s) => s.has(name))).toHaveLength(1);
  });
  test('shards belong to one plan, other rules do not', async () => {
    const digest = async (suite: string, selection: Selection = {}): Promise<string> =>
      (await plan(suite, selection)).digest;
    expect(await digest(SUITE, { shard: { index: 1, count: 2 } })).toBe(
      await digest(SUITE, { shard: { index: 2, count: 2 } }),
    );
    expect(await digest(SUITE)).not.toBe(
      await digest(SUITE.replace('{ to: same, name: opt', '{ to: same, tolerance: int8, name: opt')),
    );
    expect(await digest(SUITE)).not.toBe(await digest(`seed: 1\n${SUITE}`));
    expect(await digest(SUITE)).not.toBe(
      await digest(SUITE.replace('tags: [vision]', 'tags: [vision], inputs: { x: { range: [0, 1] } }')),
    );
  });
  test('the same suite in another folder is the same plan: machines of a CI matrix check out where they like', async () => {
    const suite = 'cases:\n  a: { source: tiny-mlp.onnx, samples: [portfolio, x.npy], convert: { to: same } }\n';
    const [one, two] = [await plan(suite, {}, { 'x.npy': '' }), await plan(suite, {}, { 'x.npy': '' })];
    expect(one.root).not.toBe(two.root);
    expect(one.digest).toBe(two.digest);
  });
});

describe('several suites as one run', () => {
  test('their conversions in order', async () => {
    const merged = mergePlans([await plan(SUITE, { cases: ['wine'] }), await plan(SUITE, { cases: ['tokens'] })]);
    expect(merged.conversions.map((c) => c.id)).toEqual(['wine/same@onnxruntime-node', 'tokens/same@onnxruntime-node']);
  });
  test('a name twice', async () => {
    const one = await plan(SUITE);
    expect(() => mergePlans([one, one])).toThrow('two suites have a conversion called `digits/same@onnxruntime-node`');
  });
});
