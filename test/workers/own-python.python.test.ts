import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { packageRoot } from '../../src/core/paths.ts';
import { findInterpreter } from '../../src/workers/toolchains/interpreter.ts';
import { findUv, uvEnvironment } from '../../src/workers/toolchains/uv.ts';
import { runSuite } from '../contracts/suite.ts';

/** A user's own environment: scikit-learn and numpy, and nothing of onpar's. */
let dir: string;
const wine = {
  source: 'wine.joblib',
  trust: true,
  samples: ['wine-test.npz'],
  inputs: { features: { dtype: 'float32', shape: ['batch', 13] } },
};
const same = { to: 'same' };

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'onpar own ü '));
  for (const name of ['wine.joblib', 'wine-test.npz'])
    cpSync(join(packageRoot, 'fixtures', 'demo', name), join(dir, name));
  writeFileSync(join(dir, 'requirements.txt'), 'scikit-learn==1.9.1\nnumpy>=2.4\n');
  const interpreter = await findInterpreter();
  const uv = await findUv(interpreter, () => {});
  const env = { ...process.env, ...uvEnvironment() };
  execFileSync(uv, ['venv', '--quiet', '--python', interpreter.path, join(dir, '.venv')], { env });
  execFileSync(
    uv,
    ['pip', 'install', '--quiet', '--python', join(dir, '.venv', 'bin', 'python'), '-r', join(dir, 'requirements.txt')],
    { env },
  );
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

it('a .venv beside the suite that has the framework runs the model by itself', () => {
  const report = runSuite(dir, { cases: { wine: { ...wine, convert: same } } });
  expect(report.cases[0]?.verdict).toBe('pass');
  expect(Object.keys(report.environment.toolchains)).toEqual([join(dir, '.venv')]);
  expect(report.cases[0]?.reference.packages).not.toHaveProperty('skl2onnx');
});

it('a package that an exporter needs and the environment lacks is named, with the command that installs it', () => {
  const [c] = runSuite(dir, { cases: { wine: { ...wine, convert: { to: 'onnx' } } } }).cases;
  expect(c?.verdict).toBe('error');
  expect(c?.candidate.failure?.code).toBe('package-missing');
  expect(c?.candidate.failure?.message).toContain('skl2onnx');
  expect(c?.candidate.failure?.fix).toMatch(/pip install .*skl2onnx/);
});

it('python: managed overrules it, and a named interpreter is taken as named', () => {
  const report = runSuite(dir, {
    cases: {
      managed: { ...wine, python: 'managed', convert: same },
      named: { ...wine, python: '.venv/bin/python', convert: same },
    },
  });
  expect(report.cases.map((c) => [c.id, c.verdict])).toEqual([
    ['managed/same@sklearn', 'pass'],
    ['named/same@sklearn', 'pass'],
  ]);
  expect(Object.keys(report.environment.toolchains)).toEqual([
    'sklearn (managed)',
    join(dir, '.venv', 'bin', 'python'),
  ]);
});

it('requirements: makes an environment of its own, once', () => {
  const suite = { cases: { wine: { ...wine, requirements: 'requirements.txt', convert: same } } };
  expect(runSuite(dir, suite).cases[0]?.verdict).toBe('pass');
  const [again] = runSuite(dir, suite).cases;
  expect(again?.steps.cached).toBe(again?.steps.total);
});

it('an interpreter that does not exist is an error that names it', () => {
  const [c] = runSuite(dir, { cases: { wine: { ...wine, python: './nowhere/python', convert: same } } }).cases;
  expect([c?.verdict, c?.reference.failure?.code]).toEqual(['error', 'python-missing']);
  expect(c?.reference.failure?.message).toContain(join('nowhere', 'python'));
});
