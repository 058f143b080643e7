import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { packageRoot } from '../../src/core/paths.ts';
import { detectFormat } from '../../src/formats/detect.ts';
import type { Report } from '../../src/records/report.ts';
import { TEXTS } from '../../src/sample/texts.ts';
import { runSuite } from '../contracts/suite.ts';

const models = join(packageRoot, 'fixtures', 'models', 'huggingface');
let dir: string;
let report: Report;

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'onpar-tokenizers-'));
  for (const name of ['bert', 'gpt2', 't5']) cpSync(join(models, name), join(dir, name), { recursive: true });
  // Python cuts and fills up as the file says; Tokenizers.js does neither.
  const file = JSON.parse(readFileSync(join(dir, 't5', 'tokenizer.json'), 'utf8')) as object;
  const truncation = { direction: 'Right', max_length: 16, strategy: 'LongestFirst', stride: 0 };
  writeFileSync(join(dir, 'cutting.json'), JSON.stringify({ ...file, truncation }));
  const one = (source: string) => ({
    source,
    python: 'managed',
    samples: 'portfolio',
    convert: { to: 'same', run: 'tokenizers-js' },
  });
  report = runSuite(dir, {
    cases: {
      bert: one('bert/tokenizer.json'),
      gpt2: one('gpt2/tokenizer.json'),
      t5: one('t5/tokenizer.json'),
      cutting: one('cutting.json'),
    },
  });
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const found = (id: string) => {
  const c = report.cases.find((each) => each.case === id);
  if (c === undefined) throw new Error(`${id} is not in the report`);
  return c;
};
const failing = (id: string) =>
  found(id)
    .samples.filter((s) => s.verdict === 'fail')
    .map((s) => s.id);

it('is told by its content', () => {
  expect(detectFormat('bert/tokenizer.json', { root: dir }).format).toBe('tokenizer');
});

it('tries every kind of text, and names the sample by it', () => {
  expect(found('t5').samples.map((s) => s.id)).toEqual(Object.keys(TEXTS).map((kind) => `text[${kind}]`));
});

it.each(['t5', 'gpt2'])('%s: JavaScript and Rust agree on every kind of text', (id) => {
  expect([failing(id), found(id).grade]).toEqual([[], 'identical']);
});

it('finds that ideographs beyond the basic plane are one word in JavaScript', () => {
  expect(failing('bert')).toEqual(['text[cjk]']);
  const tokens = found('bert').outputs.find((o) => o.name === 'tokens');
  expect(tokens?.worst).toMatchObject({ reference: '[UNK]', candidate: '[SEP]' });
});

it('finds that JavaScript does not cut where the file says so', () => {
  expect(found('cutting').verdict).toBe('fail');
  expect(failing('cutting')).toContain('text[long]');
  expect(found('cutting').reference.facts.truncation).toMatchObject({ max_length: 16 });
});
