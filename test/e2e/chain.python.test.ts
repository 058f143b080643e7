import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { packageRoot } from '../../src/core/paths.ts';
import type { ReportCase } from '../../src/records/report.ts';
import { runSuite } from '../contracts/suite.ts';
import { MODELS } from './onpar.ts';

/** Real exporters one behind the other, over toolchains: scikit-learn’s, then tools for ONNX. */
let dir: string;
let cases: readonly ReportCase[];

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'onpar-chain-'));
  cpSync(join(MODELS, 'tiny-mlp.onnx'), join(dir, 'tiny-mlp.onnx'));
  cpSync(join(packageRoot, 'fixtures', 'demo', 'wine.joblib'), join(dir, 'wine.joblib'));
  cases = runSuite(dir, {
    cases: {
      mlp: {
        source: 'tiny-mlp.onnx',
        samples: 'portfolio:3',
        convert: { chain: ['onnx-simplify', 'onnx-float16', { exporter: 'onnx-opset', options: { opset: 21 } }] },
      },
      wine: {
        source: 'wine.joblib',
        trust: true,
        samples: 'portfolio:3',
        convert: { chain: ['sklearn-onnx', 'onnx-optimize'], run: 'onnxruntime-node' },
      },
    },
  }).cases;
}, 300_000);
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const of = (id: string) => {
  const found = cases.find((c) => c.id === id);
  if (found === undefined) throw new Error(`no ${id} in ${cases.map((c) => c.id).join(', ')}`);
  return found;
};

test('every link is exported once and compared with the source', () => {
  expect(cases.map(({ id }) => id)).toEqual([
    'mlp/onnx.1-onnx-simplify@onnxruntime-node',
    'mlp/onnx.2-onnx-float16@onnxruntime-node',
    'mlp/onnx@onnxruntime-node',
    'wine/onnx.1-sklearn-onnx@onnxruntime-node',
    'wine/onnx@onnxruntime-node',
  ]);
  expect(cases.map(({ id, verdict, findings }) => [id, verdict, verdict === 'pass' ? [] : findings])).toEqual(
    cases.map(({ id }) => [id, 'pass', []]),
  );
  expect(new Set(cases.slice(0, 3).map((c) => c.reference.digest)).size).toBe(1);
});

test('a precision that an earlier link declared is the end’s too', () => {
  expect(cases.slice(0, 3).map((c) => c.artifact?.precision)).toEqual(['float32', 'float16', 'float16']);
});

test('what the first link changed on purpose is held against no link behind it', () => {
  const [first, second] = [of('wine/onnx.1-sklearn-onnx@onnxruntime-node'), of('wine/onnx@onnxruntime-node')];
  expect(first.artifact?.declared.length).toBeGreaterThan(0);
  expect(second.artifact?.declared).toEqual(first.artifact?.declared);
});
