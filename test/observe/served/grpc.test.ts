import { createServer as createHttp } from 'node:http';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { oipGrpc } from '../../../src/observe/runtimes/oip-grpc.ts';

/** gRPC where there is none; real servers that have it are in test/served. */
async function listening(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `oip+grpc://127.0.0.1:${(server.address() as AddressInfo).port}/m`;
}
const closed = (server: Server) => new Promise<void>((resolve) => server.close(() => resolve()));

test('nobody listens', async () => {
  const server = createServer();
  const address = await listening(server);
  await closed(server);
  await expect(oipGrpc.open(address, { retries: 1, timeout: 5 })).rejects.toMatchObject({
    code: 'served-unreachable',
    message: expect.stringMatching(/ModelMetadata: UNAVAILABLE: .*ECONNREFUSED/),
    fix: expect.stringContaining('of gRPC, not of HTTP'),
  });
});

test('something listens and never answers', async () => {
  const sockets: { destroy: () => void }[] = [];
  const server = createServer((socket) => sockets.push(socket));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    return closed(server);
  });
  await expect(oipGrpc.open(await listening(server), { retries: 0, timeout: 0.5 })).rejects.toMatchObject({
    code: 'served-timeout',
    message: expect.stringContaining('no answer within 0.5 s'),
  });
});

test('the port is the one of HTTP', async () => {
  const server = createHttp((_, response) => response.end('hello'));
  onTestFinished(() => closed(server));
  await expect(oipGrpc.open(await listening(server), { retries: 0, timeout: 3 })).rejects.toMatchObject({
    code: expect.stringMatching(/^served-(unreachable|timeout)$/),
  });
});
