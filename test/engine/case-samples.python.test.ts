import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { RunEvent } from '../../src/records/event.ts';
import type { ReportCase } from '../../src/records/report.ts';
import { run, runSuite } from '../contracts/suite.ts';
import { WORDS } from './words.ts';

let dir: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'onpar-case-'));
  writeFileSync(join(dir, 'words.py'), WORDS);
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const suite = (...targets: readonly object[]) => ({
  cases: {
    words: {
      source: 'words.py',
      python: 'managed',
      inputs: { ids: { dtype: 'int64', shape: ['batch', 'seq'] } },
      convert: targets,
    },
  },
});

const fed = (c: ReportCase | undefined) => c?.samples.map(({ id, digest }) => [id, digest]);
const legal = (c: ReportCase | undefined) => c?.findings.find(({ code }) => code === 'input-role')?.args.range;

it('all targets of a case are fed the samples that one graph tells, and each alone the same', () => {
  const both = suite({ to: 'torchscript' }, { to: 'onnx' });
  const [script, onnx] = runSuite(dir, both).cases;
  expect([script?.verdict, onnx?.verdict]).toEqual(['pass', 'pass']);
  expect([legal(script), legal(onnx)]).toEqual([
    [0, 49],
    [0, 49],
  ]);
  expect(fed(script)).toEqual(fed(onnx));
  const events = readFileSync(join(dir, 'out', 'events.ndjson'), 'utf8')
    .trim()
    .split('\n');
  const labels = events
    .map((line) => JSON.parse(line) as RunEvent)
    .flatMap((e) => (e.type === 'step-end' ? e.label : []));
  // The original runs once for both, and the graph is exported once.
  expect(labels.filter((label) => label === 'running torch')).toHaveLength(1);
  expect(labels.filter((label) => label === 'exporting with torch-onnx')).toHaveLength(1);
  const text = run(['run', '--case', 'words/torchscript*', '--out', 'alone', '--json'], dir);
  const [alone] = (JSON.parse(text) as { cases: ReportCase[] }).cases;
  expect(alone?.id).toBe(script?.id);
  expect(fed(alone)).toEqual(fed(script));
});

it('where no target is a graph, an export that is only read tells', () => {
  const [script] = runSuite(dir, suite({ to: 'torchscript' })).cases;
  expect([script?.verdict, legal(script)]).toEqual(['pass', [0, 49]]);
  expect(script?.artifact?.format).toBe('torchscript');
});

it('where the graph cannot be made, its own conversion fails and the others go on with assumed values', () => {
  const failing = {
    to: 'onnx',
    exporter: { command: ['{python}', '-c', 'raise SystemExit(3)'], toolchain: 'pytorch' },
  };
  const [script, onnx] = runSuite(dir, suite({ to: 'torchscript' }, failing)).cases;
  expect([script?.verdict, onnx?.verdict]).toEqual(['pass', 'error']);
  expect(script?.findings.map(({ code }) => code)).toContain('range-assumed');
});
