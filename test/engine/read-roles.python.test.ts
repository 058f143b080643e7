import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runSuite } from '../contracts/suite.ts';
import { WORDS } from './words.ts';

let dir: string;

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'onpar-roles-'));
  writeFileSync(join(dir, 'words.py'), WORDS);
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const words = (input: object) => ({
  cases: {
    words: {
      source: 'words.py',
      python: 'managed',
      inputs: { ids: { dtype: 'int64', shape: ['batch', 'seq'], ...input } },
      convert: { to: 'onnx' },
    },
  },
});

it('the exported graph tells which token ids are legal, and the reference sees the same samples', () => {
  const [c] = runSuite(dir, words({})).cases;
  expect(c?.verdict).toBe('pass');
  expect(c?.findings.find((f) => f.code === 'input-role')?.args).toMatchObject({
    input: 'ids',
    role: 'token-ids',
    range: [0, 49],
  });
  expect(c?.findings.map((f) => f.code)).not.toContain('range-assumed');
});

it('the user’s own range is not questioned', () => {
  const [c] = runSuite(dir, words({ range: [0, 20] })).cases;
  expect(c?.findings.map((f) => f.code)).not.toContain('input-role');
});
