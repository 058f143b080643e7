import { expect, test } from 'vitest';
import { catalogue } from '../../src/engine/catalogue.ts';
import { chooseRuntime } from '../../src/plan/choose.ts';
import { onnxCase, plan, refused } from './scene.ts';

const same = (run: string, more = ''): string => onnxCase(`convert: { to: same, run: ${run}${more} }`);

test('a version is part of the runtime’s name in ids, and of the plan', async () => {
  const { conversions, digest } = await plan(same('[onnxruntime@1.30.0, onnxruntime@1.17.3, onnxruntime-node@1.22.0]'));
  expect(conversions.map(({ id, candidate: { runtime } }) => [id, runtime.package, runtime.version])).toEqual([
    ['a/same@onnxruntime-1.30.0', 'onnxruntime', '1.30.0'],
    ['a/same@onnxruntime-1.17.3', 'onnxruntime', '1.17.3'],
    ['a/same@onnxruntime-node-1.22.0', 'onnxruntime-node', '1.22.0'],
  ]);
  expect((await plan(same('[onnxruntime@1.30.1, onnxruntime@1.17.3, onnxruntime-node@1.22.0]'))).digest).not.toBe(
    digest,
  );
});

test('the reference can be of another version; without a runtime the candidate is what the toolchain has', async () => {
  const { conversions } = await plan(
    onnxCase('reference: { runtime: onnxruntime@1.30.0 }', 'convert: { to: same, run: onnxruntime }'),
  );
  expect(conversions.map((c) => [c.reference.runtime.version, c.candidate.runtime.version])).toEqual([
    ['1.30.0', undefined],
  ]);
});

test.each([
  ['scikit-learn@1.8.0', 'sklearn', 'scikit-learn'],
  ['sklearn@1.8.0', 'sklearn', 'scikit-learn'],
])('%s is the package or the runtime', async (asked, name, distribution) => {
  const { conversions } = await plan(
    `cases:\n  a: { source: sklearn:model.py:build, convert: { to: same, run: ${asked} } }\n`,
  );
  expect(conversions[0]?.candidate.runtime).toMatchObject({ name, package: distribution, version: '1.8.0' });
});

test.each<[string, string, string, RegExp, RegExp]>([
  [
    'what is no version',
    '"onnxruntime@../x"',
    'bad-version',
    /`\.\.\/x` is not a version of onnxruntime/,
    /onnxruntime@1\.2\.3/,
  ],
  ['nothing behind the @', '"onnxruntime@"', 'bad-version', /`` is not a version/, /onnxruntime@1\.2\.3/],
  ['an address', '"onnxruntime@https://x/y.whl"', 'bad-version', /is not a version/, /onnxruntime@1\.2\.3/],
  [
    'an unknown runtime',
    'onnxruntme@1.30.0',
    'unknown-runtime',
    /unknown runtime `onnxruntme`/,
    /did you mean `onnxruntime`/,
  ],
])('%s', async (_name, run, code, message, fix) => {
  const error = await refused(same(run));
  expect(error).toMatchObject({ code, message: expect.stringMatching(message), exitCode: 2 });
  expect(error.fix).toMatch(fix);
});

test('recorded tensors have no version', () => {
  expect(() => chooseRuntime(catalogue(), 'tensors', 'recorded@1.0.0', 'a')).toThrow(/no package whose version/);
});

test('an environment of the user’s has its own version', async () => {
  const error = await refused(same('onnxruntime@1.30.0', ', python: python3'));
  expect(error).toMatchObject({ code: 'version-and-python', exitCode: 2 });
});
