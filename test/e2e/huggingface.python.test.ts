import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { packageRoot } from '../../src/core/paths.ts';
import { detectFormat } from '../../src/formats/detect.ts';
import type { Report } from '../../src/records/report.ts';
import { runSuite } from '../contracts/suite.ts';

const models = join(packageRoot, 'fixtures', 'models', 'huggingface');
let dir: string;
let report: Report;

/** A copy of the small encoder with something else in its config.json. */
function changed(name: string, change: object): void {
  cpSync(join(models, 'bert'), join(dir, name), { recursive: true });
  const file = join(dir, name, 'config.json');
  writeFileSync(file, JSON.stringify({ ...(JSON.parse(readFileSync(file, 'utf8')) as object), ...change }));
}

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'onpar-huggingface-'));
  for (const name of ['bert', 'gpt2', 't5']) cpSync(join(models, name), join(dir, name), { recursive: true });
  rmSync(join(dir, 'gpt2', 'tokenizer.json'));
  changed('unknown', { architectures: ['BertForFortuneTelling'] });
  changed('headless', { architectures: ['BertForMaskedLM'] });
  changed('own-code', { auto_map: { AutoModel: 'modeling.Model' } });
  cpSync(join(models, 'gpt2'), join(dir, 'shardless'), { recursive: true });
  rmSync(join(dir, 'shardless', 'model-00002-of-00003.safetensors'), { force: true });
  const eager = { attention: 'eager' };
  // How rounding is measured is tested elsewhere.
  const tolerance = 'float32';
  const written = {
    tolerance,
    samples: 'portfolio',
    reference: { options: eager },
    convert: { to: 'onnx', options: eager },
  };
  const cases = {
    t5: { source: 't5', ...written },
    bert: { source: 'bert', samples: 'portfolio', tolerance, convert: { to: 'onnx' } },
    ...Object.fromEntries(
      ['unknown', 'headless', 'own-code', 'shardless'].map((name) => [name, { source: name, convert: { to: 'onnx' } }]),
    ),
  };
  report = runSuite(dir, {
    cases: Object.fromEntries(Object.entries(cases).map(([id, c]) => [id, { python: 'managed', ...c }])),
  });
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const found = (id: string) => {
  const c = report.cases.find((each) => each.case === id);
  if (c === undefined) throw new Error(`${id} is not in the report`);
  return c;
};

it('is told by its content', () => {
  expect(detectFormat('gpt2', { root: dir })).toEqual({ format: 'huggingface', path: join(dir, 'gpt2') });
});

it('runs both sides of a decoder, at every batch and length', () => {
  const { verdict, samples, candidate, reference } = found('t5');
  expect(verdict).toBe('pass');
  expect(reference.runtime).toBe('transformers');
  expect(candidate.exporter).toBe('huggingface-onnx');
  const ids = samples.map((s) => s.id).join();
  expect(ids).toContain('[batch=3]');
  expect(ids).toContain('[sequence=13]');
  expect(ids).toContain('mask-empty-row');
});

it('draws token ids below the vocabulary of the configuration', () => {
  const input = found('bert').reference.facts.inputRoles as Record<string, { range: number[] }>;
  expect(input.input_ids?.range).toEqual([0, 127]);
  expect(input.token_type_ids?.range).toEqual([0, 1]);
});

it('leaves lengths out that the positions of the model do not reach', () => {
  expect(found('bert').findings.map((f) => f.code)).toContain('size-refused');
});

it('finds that a row which is masked wholly is answered otherwise by the exported attention', () => {
  const { verdict, outputs } = found('bert');
  expect(verdict).toBe('fail');
  expect(outputs[0]?.worst?.sample).toBe('mask-empty-row');
});

it.each([
  ['unknown', 'model-load-failed', 'BertForFortuneTelling'],
  ['headless', 'weights-mismatch', 'cls.predictions.transform.dense.weight'],
  ['own-code', 'trust-required', 'auto_map'],
  ['shardless', 'model-load-failed', 'model-00002-of-00003.safetensors'],
])('%s is refused: %s names %s', (id, code, names) => {
  const { verdict, findings } = found(id);
  expect(verdict).toBe('error');
  expect(findings.find((f) => f.code === code)?.args.message).toContain(names);
});
