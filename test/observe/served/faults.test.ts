import { expect, onTestFinished, test } from 'vitest';
import { FAULTS, startFaulty } from '../../../fixtures/bad/servers/oip.js';
import { oipRest } from '../../../src/observe/runtimes/oip-rest.ts';
import { tensorFrom } from '../../../src/tensor/build.ts';
import type { NamedTensors } from '../../../src/tensor/tensor.ts';

const x: NamedTensors = new Map([['x', tensorFrom('float32', [1, 2], [1.5, -2])]]);
const QUICK = { timeout: 0.3, retries: 1 };

async function ask(name: string, options: object = QUICK, times = 1): Promise<NamedTensors> {
  const { url, close } = await startFaulty(name);
  onTestFinished(close);
  const session = await oipRest.open(url, { ...options });
  let answer = await session.run(x);
  for (let i = 1; i < times; i++) answer = await session.run(x);
  return answer;
}

/** Fault → code, what the message names, what the fix names. */
const EXPECTED: Record<string, readonly [string, RegExp, RegExp?]> = {
  html: ['served-garbage', /web page \(“Sign in”\) instead of JSON/, /host, port and path/],
  'html-infer': ['served-garbage', /m\/infer: answers a web page/, /something else than the model server/],
  'error-500': ['served-failed', /m\/infer: 500: CUDA error: out of memory/, /log/],
  'error-page': ['served-failed', /500: a web page/, /log/],
  'metadata-500': ['served-failed', /500: no such thing/],
  unknown: ['served-model-unknown', /404: Model m not found/, /name and version/],
  'not-ready': ['served-not-ready', /400: Model version not ready/, /`wait`/],
  'server-not-ready': ['served-not-ready', /the server is not ready \(503\)/, /`wait`/],
  token: ['served-refused', /401: no entry for undefined/, /Authorization: 'Bearer \$\{TOKEN\}'/],
  silent: ['served-timeout', /no answer within 0.3 s/, /`timeout`/],
  dribble: ['served-timeout', /no answer within 0.3 s/, /`timeout`/],
  'hangs-up': ['served-unreachable', /infer: UND_ERR_SOCKET/, /start the server/],
  redirect: [
    'served-redirected',
    /sends us on to http:\/\/127.0.0.1:9\/elsewhere \(307\)/,
    /address that answers itself/,
  ],
  huge: ['served-oversized', /larger than 1 MB/, /`maxMegabytes`/],
  truncated: ['served-garbage', /is no JSON: near .*character 6\d/, /log/],
  empty: ['served-garbage', /it is empty/],
  'no-outputs': ['served-garbage', /has no `outputs`/, /protocol of this address/],
  'error-200': ['served-garbage', /has no `outputs`: it did not work/],
  'no-shape': ['served-garbage', /output y of the answer has no shape/],
  'no-data': ['served-garbage', /output y of the answer has no data/],
  'wrong-count': ['served-garbage', /output y has 3 values, which do not fill its shape \[1, 2\]/],
  ragged: ['served-garbage', /output y: its lists are of different lengths/],
  words: ['served-garbage', /output y holds "many" at element 0, which is no float32/],
  nulls: ['served-value-lost', /output y is null at element 0/, /gRPC/],
  'odd-type': ['served-garbage', /datatype "FLOAT"/, /FP32/],
  twice: ['served-garbage', /output y comes twice/],
  'header-length': ['served-garbage', /inference-header-content-length 99999 does not fit a body of/],
  'short-binary': ['served-garbage', /output y has 3 bytes; float32 of shape \[1, 2\] takes 8/],
};
/** Not failures of a request: told by the comparison, or mended by asking again. */
const OTHERS = ['good', 'busy', 'rolls-out', 'lies-dtype', 'lies-shape', 'lies-name'];

test('each faulty server has a test', () => {
  expect(Object.keys(FAULTS).sort()).toEqual([...Object.keys(EXPECTED), ...OTHERS].sort());
});

test.each(Object.entries(EXPECTED))('%s', async (name, [code, message, fix]) => {
  const options = name === 'huge' ? { maxMegabytes: 1 } : QUICK;
  await expect(ask(name, options)).rejects.toMatchObject({
    code,
    message: expect.stringMatching(message),
    ...(fix === undefined ? {} : { fix: expect.stringMatching(fix) }),
  });
});

test('a good server answers, and one that was busy is asked again', async () => {
  for (const name of ['good', 'busy']) {
    const y = (await ask(name)).get('y');
    expect([name, y?.dtype, y?.shape, [...new Float32Array(y?.data.slice().buffer as ArrayBuffer)]]).toEqual([
      name,
      'float32',
      [1, 2],
      [1.5, -2],
    ]);
  }
});

test('without retries a busy server is a failure', async () => {
  const { url, close } = await startFaulty('error-500');
  await close();
  await expect(oipRest.open(url, { retries: 0 })).rejects.toMatchObject({
    code: 'served-unreachable',
    message: expect.stringContaining('ECONNREFUSED'),
    fix: expect.stringContaining('`wait`'),
  });
});

test('two versions that answer in turn are no one model', async () => {
  await expect(ask('rolls-out', QUICK, 3)).rejects.toMatchObject({
    code: 'served-failed',
    message: expect.stringMatching(/version \d of the model answers, before it was \d/),
  });
});

test('a token comes from the environment, and what a server echoes of it is struck out', async () => {
  process.env.ONPAR_TEST_TOKEN = 's3cret';
  onTestFinished(() => {
    delete process.env.ONPAR_TEST_TOKEN;
  });
  const headers = (text: string) => ({ ...QUICK, headers: { Authorization: text } });
  const variable = (name: string) => `Bearer $\{${name}}`;
  expect((await ask('token', headers(variable('ONPAR_TEST_TOKEN')))).size).toBe(1);
  process.env.ONPAR_TEST_TOKEN = 'wr0ng';
  await expect(ask('token', headers(variable('ONPAR_TEST_TOKEN')))).rejects.toMatchObject({
    code: 'served-refused',
    message: expect.stringMatching(/no entry for Bearer \*\*\*$/),
  });
  await expect(ask('token', headers(variable('ONPAR_TEST_NONE')))).rejects.toMatchObject({
    code: 'option-value',
    message: expect.stringContaining('ONPAR_TEST_NONE, which is not set'),
  });
  await expect(ask('token', headers('Bearer s3cret'))).rejects.toMatchObject({
    code: 'option-value',
    message: expect.not.stringContaining('s3cret'),
  });
});

test('what a model does not take is refused before it is sent', async () => {
  const { url, close } = await startFaulty('good');
  onTestFinished(close);
  const session = await oipRest.open(url, {});
  const run = (name: string, tensor: ReturnType<typeof tensorFrom>) => session.run(new Map([[name, tensor]]));
  await expect(run('image', tensorFrom('float32', [1, 2], [1, 2]))).rejects.toMatchObject({ code: 'input-mismatch' });
  await expect(run('x', tensorFrom('float64', [1, 2], [0.1, 2]))).rejects.toMatchObject({
    code: 'input-mismatch',
    message: expect.stringContaining('input x is float64, the server takes float32'),
  });
  expect((await run('x', tensorFrom('float64', [1, 2], [0.5, 2]))).size).toBe(1);
});
