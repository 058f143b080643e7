import { expect, test } from 'vitest';
import { Log } from '../../src/workers/log.ts';

const bytes = (text: string): Uint8Array => Buffer.from(text);

test('a request cuts out its own part', () => {
  const log = new Log();
  const add = log.source();
  add(bytes('before\n'));
  const position = log.position;
  add(bytes('during\n'));
  expect(log.since(position)).toBe('during\n');
  expect(log.since(log.position)).toBe('');
});
test('what is older than 64 KiB is gone, also from a part that began before', () => {
  const log = new Log();
  const position = log.position;
  const add = log.source();
  for (let i = 0; i < 100; i++) add(bytes(`${i} ${'x'.repeat(2000)}\n`));
  expect(log.since(position).length).toBe(64 * 1024);
  expect(log.tail()).toContain('99 xxx');
  expect(log.tail()).not.toContain('10 xxx');
});
test('a letter that is cut between two chunks stays a letter, also when the other stream speaks in between', () => {
  const log = new Log();
  const [stdout, stderr] = [log.source(), log.source()];
  for (const byte of bytes('Größe')) {
    stdout(Uint8Array.of(byte));
    stderr(bytes('.'));
  }
  expect(log.tail().replaceAll('.', '')).toBe('Größe');
});
