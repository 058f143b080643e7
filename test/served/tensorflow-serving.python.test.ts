import { copyFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { packageRoot } from '../../src/core/paths.ts';
import { tfservingRest } from '../../src/observe/runtimes/tfserving-rest.ts';
import { stringTensor, tensorFrom } from '../../src/tensor/build.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { reader } from '../../src/tensor/values.ts';
import { resolveEnvironment } from '../../src/workers/environment.ts';
import { codesOf, MODELS, onpar, readReport } from '../e2e/onpar.ts';
import { sharedScratch } from '../scratch.ts';
import { freePort, type Running, SERVERS, serve } from './server.ts';

/** TensorFlow Serving has no package: a server of ours that executes a real SavedModel and speaks its documented REST. */
const dir = sharedScratch();
let server: Running;
let address: string;

beforeAll(async () => {
  const { python } = await resolveEnvironment('tensorflow', { python: 'managed', root: packageRoot }, () => {});
  const port = await freePort();
  address = `http://127.0.0.1:${port}/v1/models/mlp`;
  const weights = join(packageRoot, 'fixtures', 'hosts', 'mlp.json');
  server = await serve([python, join(SERVERS, 'tf_server.py'), String(port), weights, join(dir, 'saved')], {
    cwd: dir,
    env: { TF_CPP_MIN_LOG_LEVEL: '2' },
    ready: address,
  });
});
afterAll(() => server?.stop());

test('a SavedModel answers through columns and rows like the ONNX file of the same weights', async () => {
  copyFileSync(join(MODELS, 'tiny-mlp.onnx'), join(dir, 'tiny-mlp.onnx'));
  const run = (layout: string) => ({ runtime: 'tfserving-rest', options: { layout } });
  const suite = {
    cases: {
      mlp: {
        source: 'tiny-mlp.onnx',
        convert: [
          { name: 'default', artifact: address },
          { name: 'columns', artifact: `tfserving:${address}/versions/1:predict`, run: run('columns') },
          { name: 'rows', artifact: address, run: run('rows') },
          { name: 'kinds', artifact: address, run: { runtime: 'tfserving-rest', options: { signature: 'kinds' } } },
        ],
      },
      back: { source: address, convert: [{ artifact: 'tiny-mlp.onnx' }, { to: 'same' }] },
    },
  };
  writeFileSync(join(dir, 'onpar.json'), JSON.stringify(suite));
  const { text } = await onpar(['run', 'onpar.json', '--out', 'out'], { cwd: dir });
  const { cases } = readReport(join(dir, 'out'));
  const verdicts = Object.fromEntries(cases.map((c) => [c.id, c.verdict]));
  expect(verdicts, text).toEqual({
    'mlp/default@tfserving-rest': 'pass',
    'mlp/columns@tfserving-rest': 'pass',
    'mlp/rows@tfserving-rest': 'pass',
    'mlp/kinds@tfserving-rest': 'fail',
    'back/tiny-mlp.onnx@onnxruntime-node': 'pass',
    'back/same@tfserving-rest': 'pass',
  });
  expect(cases[0]?.candidate.facts).toMatchObject({
    modelVersion: '1',
    signature: 'serving_default',
    layout: 'columns',
  });
  expect(codesOf(cases[3] as (typeof cases)[number])).toEqual(
    expect.arrayContaining(['output-missing', 'input-extra']),
  );
});

const values = (tensor: Tensor): unknown[] => {
  const read = reader(tensor);
  return Array.from({ length: tensor.shape.reduce((n, d) => n * d, 1) }, (_, i) => read(i));
};

describe('types that JSON is bad at', () => {
  const inputs = new Map([
    ['n', tensorFrom('int64', [2], [2n ** 53n + 1n, -3n])],
    ['x', tensorFrom('float32', [2], [0, -1])],
    ['s', stringTensor([2], ['é "q"', ''])],
  ]);
  test('keep every digit, NaN, infinities, booleans, texts and a scalar', async () => {
    const session = await tfservingRest.open(address, { signature: 'kinds' });
    expect(session.contract.inputs.map(({ name, dtype }) => [name, dtype])).toEqual([
      ['n', 'int64'],
      ['s', 'string'],
      ['x', 'float32'],
    ]);
    const answer = await session.run(inputs);
    expect([...answer].map(([name, tensor]) => [name, tensor.dtype, values(tensor)])).toEqual([
      ['is_big', 'bool', [1, 0]],
      ['log', 'float32', [Number.NEGATIVE_INFINITY, Number.NaN]],
      ['raw_bytes', 'string', ['é "q"', '']],
      ['same', 'int64', [2n ** 53n + 1n, -3n]],
      ['sum', 'int64', [2n ** 53n - 2n]],
      ['text', 'string', ['é "q"', '']],
    ]);
    expect(answer.get('sum')?.shape).toEqual([]);
  });

  test('rows need a batch', async () => {
    const session = await tfservingRest.open(address, { signature: 'kinds', layout: 'rows' });
    const scalar = new Map([...inputs, ['x', tensorFrom('float32', [], [1])] as const]);
    await expect(session.run(scalar)).rejects.toMatchObject({
      code: 'input-mismatch',
      message: expect.stringContaining('input x has no row'),
      fix: expect.stringContaining('columns'),
    });
  });
});

describe('what is not there', () => {
  test.each([
    ['/versions/7', {}, 'served-model-unknown', /Servable not found for request: Specific\(mlp, 7\)/, /versions\/N/],
    ['x', {}, 'served-model-unknown', /Latest\(mlpx\)/, /name and version/],
    [
      '',
      { signature: 'predict' },
      'signature-unknown',
      /no signature `predict`/,
      /serving_default, kinds|kinds, serving_default/,
    ],
  ])('%s %j', async (end, options, code, message, fix) => {
    await expect(tfservingRest.open(`${address}${end}`, { ...options })).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
      fix: expect.stringMatching(fix),
    });
  });
});
