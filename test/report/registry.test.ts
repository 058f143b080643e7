import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createContext, wantsColour } from '../../src/report/context.ts';
import { createHub } from '../../src/report/hub.ts';
import { loadReporter, REPORTER_NAMES } from '../../src/report/registry.ts';
import { capture } from './capture.ts';
import { STORIES, type StoryName } from './stories.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'onpar-registry-'));
  await mkdir(join(folder, 'node_modules', 'my-reporter'), { recursive: true });
  await writeFile(
    join(folder, 'node_modules', 'my-reporter', 'package.json'),
    '{"name":"my-reporter","type":"module","main":"index.js"}',
  );
  await writeFile(
    join(folder, 'node_modules', 'my-reporter', 'index.js'),
    'export default () => ({ name: "mine", onCase() {} });',
  );
  await writeFile(
    join(folder, 'object.mjs'),
    'export default { name: "object", onRunEnd() { throw new Error("no\\u001b[2J"); } };',
  );
  await writeFile(join(folder, 'wrong.mjs'), 'export default { name: "wrong", onRunEnd: 3 };');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test('every reporter loads under its own name', async () => {
  for (const name of REPORTER_NAMES) expect((await loadReporter(name)).name).toBe(name);
});

test.each(Object.keys(STORIES) as StoryName[])('every reporter renders the story %s', async (story) => {
  const { failed } = await capture(STORIES[story](), REPORTER_NAMES);
  expect(failed).toEqual([]);
});

test('outside reporters: by module name and by path, as a factory and as an object', async () => {
  expect((await loadReporter('my-reporter', folder)).name).toBe('mine');
  expect((await loadReporter('./object.mjs', folder)).name).toBe('object');
});

test.each([
  ['nope', 'reporter-unknown'],
  ['__proto__', 'reporter-unknown'],
  ['./missing.mjs', 'reporter-unknown'],
  ['./wrong.mjs', 'reporter-invalid'],
])('loading %s is refused with %s and says what is allowed', async (name, code) => {
  await expect(loadReporter(name, folder)).rejects.toMatchObject({
    code,
    fix: expect.stringMatching(/terminal, json|Export default/),
  });
});

test('a reporter that throws is told, dropped, and does not stop the others', async () => {
  const seen: string[] = [];
  let stderr = '';
  const ctx = createContext({ outDir: folder, stderr: { write: (t: string) => (stderr += t) }, env: {} });
  const hub = createHub(
    [await loadReporter('./object.mjs', folder), { name: 'other', onRunEnd: () => void seen.push('other') }],
    ctx,
  );
  await hub.runEnd(STORIES.empty());
  expect(seen).toEqual(['other']);
  expect(hub.failed).toEqual(['object']);
  expect(stderr).toBe('onpar: reporter object failed: no\\u{1b}[2J\n');
});

test('files stay inside the run folder', async () => {
  const ctx = createContext({ outDir: join(folder, 'out'), env: {} });
  await expect(ctx.write('../escape.txt', 'x')).rejects.toThrow('not inside the run folder');
  await expect(ctx.write('/tmp/escape.txt', 'x')).rejects.toThrow('not inside the run folder');
  expect(await ctx.write('a/b.txt', 'x')).toBe(join(folder, 'out', 'a', 'b.txt'));
  expect(ctx.written).toHaveLength(1);
});

test('colour: NO_COLOR wins, then FORCE_COLOR, then the stream', () => {
  const tty = { isTTY: true, write: () => true };
  const pipe = { write: () => true };
  expect(wantsColour(tty, {})).toBe(true);
  expect(wantsColour(pipe, {})).toBe(false);
  expect(wantsColour(tty, { NO_COLOR: '1' })).toBe(false);
  expect(wantsColour(tty, { NO_COLOR: '' })).toBe(true);
  expect(wantsColour(pipe, { FORCE_COLOR: '1' })).toBe(true);
  expect(wantsColour(tty, { FORCE_COLOR: '0' })).toBe(false);
  expect(wantsColour(pipe, { FORCE_COLOR: '1', NO_COLOR: '1' })).toBe(false);
  expect(wantsColour(tty, { TERM: 'dumb' })).toBe(false);
});
