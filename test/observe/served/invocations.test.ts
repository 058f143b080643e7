import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { sagemaker } from '../../../src/observe/runtimes/sagemaker.ts';
import { stringTensor, tensorFrom } from '../../../src/tensor/build.ts';
import { parseNpy, serializeNpy } from '../../../src/tensor/npy.ts';
import type { NamedTensors, Tensor } from '../../../src/tensor/tensor.ts';
import { reader } from '../../../src/tensor/values.ts';

/** A server as the framework containers are: one path, whatever content type it is told. */
async function serving(
  answer: (request: IncomingMessage, body: Buffer, response: ServerResponse) => void,
): Promise<string> {
  const server = createServer(async (request, response) => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    if (request.url === '/ping') response.end();
    else answer(request, Buffer.concat(parts), response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => new Promise<void>((resolve) => server.close(() => resolve())));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/invocations`;
}

const values = (tensor: Tensor | undefined): unknown[] => {
  if (tensor === undefined) throw new Error('no such output');
  const read = reader(tensor);
  return Array.from({ length: tensor.shape.reduce((n, d) => n * d, 1) }, (_, i) => read(i));
};
const x: NamedTensors = new Map([['x', tensorFrom('float32', [2, 2], [1, 2.5, -3, 4])]]);

async function ask(url: string, options: object, inputs: NamedTensors = x): Promise<NamedTensors> {
  return (await sagemaker.open(url, { ...options })).run(inputs);
}

/** What is sent under each option, word for word. */
test.each([
  [{}, 'application/json', '[[1.0,2.5],[-3.0,4.0]]'],
  [{ body: 'inputs' }, 'application/json', '{"inputs":[[1.0,2.5],[-3.0,4.0]]}'],
  [{ body: 'instances' }, 'application/json', '{"instances":[[1.0,2.5],[-3.0,4.0]]}'],
  [
    { body: 'dataframe_split' },
    'application/json',
    '{"dataframe_split":{"columns":["0","1"],"data":[[1.0,2.5],[-3.0,4.0]]}}',
  ],
  [{ body: 'dataframe_records' }, 'application/json', '{"dataframe_records":[{"0":1.0,"1":2.5},{"0":-3.0,"1":4.0}]}'],
  [{ content: 'csv', accept: 'json' }, 'text/csv', '1.0,2.5\n-3.0,4.0\n'],
  [{ content: 'csv', accept: 'json', csvHeader: true }, 'text/csv', '"0","1"\n1.0,2.5\n-3.0,4.0\n'],
])('%j', async (options, type, text) => {
  const url = await serving((request, body, response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify([[request.headers['content-type'], request.headers.accept, body.toString()]]));
  });
  const answer = await ask(url, { ...options, outputs: { seen: 'string' } });
  expect(values(answer.get('seen'))).toEqual([type, 'application/json', text]);
});

test('texts with commas and quotes are cells of a CSV, and come back from one', async () => {
  const table: NamedTensors = new Map([
    ['name', stringTensor([2], ['a,"b"', 'c'])],
    ['age', tensorFrom('int64', [2], [2n ** 53n + 1n, 3n])],
  ]);
  const url = await serving((_, body, response) => {
    response.writeHead(200, { 'content-type': 'text/csv; charset=utf-8' });
    response.end(
      body
        .toString()
        .split('\n')
        .map((line) => line.replace(/^.*,/, ''))
        .join('\n'),
    );
  });
  const answer = await ask(url, { content: 'csv', outputs: { age: 'int64' } }, table);
  expect(answer.get('age')).toMatchObject({ dtype: 'int64', shape: [2] });
  expect(values(answer.get('age'))).toEqual([2n ** 53n + 1n, 3n]);
});

test('npy goes there and back without a conversion', async () => {
  const url = await serving((_, body, response) => {
    const { shape, dtype } = parseNpy(body, 'the request');
    response.writeHead(200, { 'content-type': 'application/x-npy' });
    response.end(serializeNpy(tensorFrom('float64', shape, [0.1, Number.NaN, dtype === 'float32' ? 1 : 0, -0])));
  });
  const answer = await ask(url, { content: 'npy' });
  expect(answer.get('output')).toMatchObject({ dtype: 'float64', shape: [2, 2] });
  expect(values(answer.get('output'))).toEqual([0.1, Number.NaN, 1, -0]);
});

test.each([
  ['npy', { content: 'npy' }, /npy holds one input/],
  ['a bare list', {}, /a bare list holds one input, the model takes x, y/],
])('%s holds one input', async (_, options, message) => {
  const url = await serving((_request, _body, response) => response.end());
  const two = new Map([...x, ['y', tensorFrom('float32', [1], [1])] as const]);
  await expect(ask(url, options, two)).rejects.toMatchObject({
    code: 'input-mismatch',
    message: expect.stringMatching(message),
    fix: expect.stringContaining('body: inputs'),
  });
});

test.each([
  ['broken npy', 'application/x-npy', 'no npy', 'served-garbage'],
  ['a web page', 'text/html', '<html><title>Oops</title></html>', 'served-garbage'],
  ['an object without predictions', 'application/json', '{"error": "no"}', 'served-garbage'],
])('%s is refused', async (_, type, body, code) => {
  const url = await serving((_request, _body, response) => {
    response.writeHead(200, { 'content-type': type });
    response.end(body);
  });
  await expect(ask(url, {})).rejects.toMatchObject({ code });
});
