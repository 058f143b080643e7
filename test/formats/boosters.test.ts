import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { packageRoot } from '../../src/core/paths.ts';
import { detectFormat } from '../../src/formats/detect.ts';
import { formatOfZip } from '../../src/formats/sniff-zip.ts';

const root = mkdtempSync(join(tmpdir(), 'onpar-boosters-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** The content in a file whose name says nothing. */
const file = (content: string): string => {
  writeFileSync(join(root, 'model.bin'), Buffer.from(content, 'latin1'));
  return 'model.bin';
};
const refusal = (content: string): string => {
  try {
    return `taken for ${detectFormat(file(content), { root }).format}`;
  } catch (error) {
    const { code, message, fix } = error as { code: string; message: string; fix?: string };
    return `${code}: ${message}; ${fix}`;
  }
};

it.each([
  ['xgboost', '{"learner":{"attributes":{},"feature_names":["a"]'],
  ['xgboost', '{ "version": [3, 2, 0],\n "learner": {'],
  ['xgboost', '{L\0\0\0\0\0\0\0\x07learner{L\0\0\0\0\0\0\0\x0aattributes{'],
  ['xgboost', '{i\x07learner{'],
  ['lightgbm', 'tree\nversion=v4\nnum_class=1\n'],
  ['lightgbm', 'tree\r\nversion=v3\r\n'],
])('finds %s by what the file holds (%j)', (format, content) => {
  expect(detectFormat(file(content), { root, trust: false }).format).toBe(format);
});

it.each(['xgb-early.ubj', 'lgb-multi.txt'])('finds the format of %s as the library wrote it', (name) => {
  const format = name.startsWith('xgb') ? 'xgboost' : 'lightgbm';
  expect(detectFormat(`fixtures/models/${name}`, { root: packageRoot, trust: false }).format).toBe(format);
});

it.each([
  ['{"learners": {}}', 'a text file'],
  ['tree of life\nversion=v4\n', 'a text file'],
  ['booster[0]:\n0:[f0<1] yes=1,no=2\n', "booster.save_model('model.ubj')"],
  ['{"name": "tree", "version": "v4"}', "booster.save_model('model.txt')"],
  ['binf\0\0\0\x3f', 'XGBoost 3.1 gave up'],
])('refuses %j and says what it is', (content, said) => {
  expect(refusal(content)).toMatch(/^unrecognised-model: /);
  expect(refusal(content)).toContain(said);
});

it('knows a skops file by its members, and no other zip with a schema', () => {
  expect(formatOfZip(['140501.npy', '2e9c9448-b3fb-4bf9-b245-e3c26ee5b12c.bin', 'schema.json'])).toBe('sklearn');
  expect(formatOfZip(['schema.json', 'data/table.csv'])).toBeUndefined();
  expect(formatOfZip(['schema.json', 'config.json', 'model.weights.h5'])).toBe('keras');
});
