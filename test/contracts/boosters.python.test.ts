import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packageRoot } from '../../src/core/paths.ts';
import type { Report } from '../../src/records/report.ts';
import { resolveEnvironment } from '../../src/workers/environment.ts';
import { runSuite, scratchWithModels } from './suite.ts';

const ROWS = ['made/rows.npz', 'made/holes.npz'];
const FLOAT32 = { X: { dtype: 'float32', shape: ['batch', 5] } };

/** Models that onnxmltools and skl2onnx convert as their libraries compute them, each with a trap on the way. */
const HEALTHY: Record<string, { samples?: string[] }> = {
  'xgb-early-regressor.json': {},
  'xgb-named.json': {},
  'xgb-logistic.json': {},
  'xgb-logitraw.json': {},
  'xgb-softmax.json': {},
  'xgb-rank.ubj': {},
  'xgb-cox.json': {},
  'xgb-forest.json': {},
  'lgb-binary.txt': {},
  'lgb-negative.txt': { samples: ['made/negative.npz'] },
  'lgb-rank.txt': {},
  'xgb-pipeline.skops': {},
  'xgb-ranker.joblib': {},
  'lgb-pipeline.joblib': {},
};

/** Conversions that come out wrong, and what the exporter says of them. */
const FAULTY: Record<string, string> = {
  'xgb-forest-classes.json': 'parallel trees',
  'xgb-quantiles.json': '2 outputs',
  'lgb-sqrt.txt': 'reg_sqrt',
  'lgb-sigmoid.txt': 'sigmoid:2',
  'lgb-ova.txt': 'multiclassova',
  'lgb-linear.txt': 'linear_tree',
  'lgb-forest.txt': 'random forest',
};

/** What is refused, its code, and what the message has to name. */
const REFUSED: Record<string, readonly [string, string]> = {
  'xgb-categorical.json': ['model-load-failed', 'categorical features (debt)'],
  'lgb-categorical.txt': ['model-load-failed', 'categorical features (debt)'],
  'xgb-dart.json': ['export-failed', 'dart'],
  'xgb-share.json': ['export-failed', 'reg:logistic'],
  'lgb-fair.txt': ['export-failed', 'objective fair'],
  'booster.joblib': ['model-not-returned', 'Booster'],
  'cut.json': ['model-load-failed', 'cut.json'],
  'cut.txt': ['model-load-failed', 'cut.txt'],
};

let report: Report;
let clean: () => void;

beforeAll(async () => {
  const [dir, remove] = scratchWithModels();
  clean = remove;
  const { python } = await resolveEnvironment('sklearn', { python: 'managed', root: packageRoot }, () => {});
  const made = join(dir, 'made');
  execFileSync(python, [join(packageRoot, 'fixtures', 'models', 'make_boosters.py'), made], { stdio: 'ignore' });
  for (const [whole, cut] of [
    ['xgb-named.json', 'cut.json'],
    ['lgb-rank.txt', 'cut.txt'],
  ] as const)
    writeFileSync(join(made, cut), readFileSync(join(made, whole)).subarray(0, 2000));
  const one = (name: string, samples: readonly string[] = ROWS) => ({
    source: `made/${name}`,
    // Nothing but pickles, and what skops does not vouch for, needs trust.
    trust: /\.joblib$|pipeline\.skops$/.test(name),
    python: 'managed',
    inputs: FLOAT32,
    samples,
    convert: { to: 'onnx' },
  });
  const names = [...Object.keys(FAULTY), ...Object.keys(REFUSED)];
  const cases = Object.fromEntries([
    ...Object.entries(HEALTHY).map(([name, { samples }]) => [id(name), one(name, samples)]),
    ...names.map((name) => [id(name), one(name)]),
    ['linear-skops', one('linear.skops', ['made/rows.npz'])],
    ['untrusted', { ...one('xgb-pipeline.skops'), trust: false }],
    ['zeros', one('lgb-zeros.txt', ['made/zeros.npz'])],
    ['ties', one('on-thresholds.joblib', ['made/on-thresholds.npz'])],
  ]);
  report = runSuite(dir, { cases });
});
afterAll(() => clean());

const id = (name: string): string => name.replaceAll('.', '-');
const found = (name: string) => {
  const c = report.cases.find((each) => each.case === id(name));
  if (c === undefined) throw new Error(`${name} is not in the report`);
  return c;
};
const facts = (name: string) => found(name).reference.facts;

it.each(Object.keys(HEALTHY))('%s: the conversion answers like the original', (name) => {
  const { verdict, grade, findings } = found(name);
  expect(findings.filter((f) => f.severity === 'error')).toEqual([]);
  expect(verdict).toBe('pass');
  expect(grade).toMatch(/^(identical|equivalent|close)$/);
});

it.each(Object.entries(FAULTY))('%s: fails, and the exporter says why', (name, why) => {
  const { verdict, findings } = found(name);
  expect(verdict).toBe('fail');
  expect(findings.map((f) => f.code)).toContain('values-differ');
  expect(findings.find((f) => f.code === 'exporter-warning')?.message).toContain(why);
});

it.each(Object.entries(REFUSED))('%s: is refused with a code and a way out', (name, [code, names]) => {
  const { verdict, findings } = found(name);
  expect(verdict).toBe('error');
  const error = findings.find((f) => f.code === code);
  expect(error?.args.message).toContain(names);
  expect(error?.args.fix).toBeTruthy();
});

describe('early stopping', () => {
  it('predicts and exports the rounds up to the best one', () => {
    const { artifact, reference } = found('xgb-early-regressor.json');
    const { bestIteration, rounds, roundsInFile, trees } = reference.facts as Record<string, number>;
    expect(rounds).toBe((bestIteration as number) + 1);
    expect(roundsInFile).toBeGreaterThan(rounds as number);
    expect(artifact?.facts.treesWritten).toBe(trees);
  });
});

it('says what a booster was trained for', () => {
  expect(facts('xgb-rank.ubj')).toMatchObject({ objective: 'rank:ndcg', features: 5, booster: 'gbtree' });
  expect(facts('lgb-binary.txt')).toMatchObject({ objective: 'binary sigmoid:1', features: 5 });
  expect((facts('xgb-named.json') as { featureNames: string[] }).featureNames).toEqual([
    'age',
    'income',
    'debt',
    'visits',
    'rate',
  ]);
});

describe('skops', () => {
  it('needs no trust while skops vouches for every type', () => {
    expect(found('linear-skops').verdict).toBe('pass');
  });

  it('names the types that need trust', () => {
    const { verdict, findings } = found('untrusted');
    expect(verdict).toBe('error');
    expect(findings.find((f) => f.code === 'trust-required')?.args.message).toContain('xgboost.sklearn.XGBClassifier');
  });
});

it('tells that zeros which count as missing are written otherwise', () => {
  expect(found('zeros').findings.find((f) => f.code === 'exporter-warning')?.message).toContain('zero_as_missing');
});

it('does not blame an export for rows that rounding moves across a split, and says that they are not judged', () => {
  const { verdict, findings, outputs } = found('ties');
  expect(outputs[0]?.metrics?.maxAbs).toBeGreaterThan(0.1);
  expect(verdict).toBe('pass');
  expect(findings.map((f) => f.code)).toContain('partly-ill-conditioned');
});
