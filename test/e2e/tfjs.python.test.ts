import { execFileSync } from 'node:child_process';
import { cpSync, rmSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { packageRoot } from '../../src/core/paths.ts';
import { readTfjs } from '../../src/formats/tfjs/weights.ts';
import type { Report } from '../../src/records/report.ts';
import { cast } from '../../src/tensor/build.ts';
import { resolveEnvironment } from '../../src/workers/environment.ts';
import { sharedScratch, write } from '../scratch.ts';
import { MODELS, onpar, readReport } from './onpar.ts';

const both = ['tfjs', 'tfjs-node'];
const few = { samples: 'portfolio:4' };
/** A signature in TensorFlow.js' own format; the SavedModel in tfjs-node stands for TensorFlow, which takes longer to start. */
const signature = (name: string, run: readonly (string | object)[] = both, options: object = {}) => ({
  ...few,
  source: 'signatures',
  reference: { runtime: 'tfjs-node', options: { signature: name } },
  convert: { to: 'tfjs', options: { signature: name, ...options }, run },
});
const stored = (precision: string) => ({ to: 'tfjs', name: precision, options: { precision, shardBytes: 1000 } });
const same = (source: string) => ({ ...few, source, convert: { to: 'same' } });

/** One run of everything that TensorFlow.js does in a way of its own: starting TensorFlow is what costs, so it is shared. */
const CASES = {
  numbers: signature('numbers'),
  tensorflow: {
    ...few,
    source: 'signatures',
    reference: { options: { signature: 'numbers' } },
    convert: { to: 'same', run: { runtime: 'tfjs-node', options: { signature: 'numbers' } } },
  },
  words: signature('words'),
  loop: signature('loop', both, { controlFlowV2: true }),
  switched: signature('loop', ['tfjs']),
  positive: signature('positive', ['tfjs']),
  spectrum: signature('spectrum', ['tfjs', { runtime: 'tfjs', name: 'cpu', options: { backend: 'cpu' } }]),
  einsum: signature('einsum'),
  bessel: signature('bessel', ['tfjs']),
  find: {
    ...few,
    source: 'lookup',
    reference: { runtime: 'tfjs-node', options: { signature: 'find' } },
    convert: { to: 'tfjs', options: { signature: 'find' }, run: both },
  },
  beside: {
    ...few,
    source: 'lookup',
    reference: { runtime: 'tfjs-node', options: { signature: 'beside' } },
    convert: { to: 'tfjs', options: { signature: 'beside' } },
  },
  several: { ...few, source: 'signatures', reference: { runtime: 'tfjs-node' }, convert: { to: 'same' } },
  dense: {
    ...few,
    source: 'dense',
    reference: { runtime: 'tfjs-node' },
    // Only how they are stored is asked here; a Keras model's own floor is in the contract tests.
    tolerance: 'scaled < 0.02',
    convert: ['float16', 'uint8', 'uint16'].map(stored),
  },
  gru: {
    ...few,
    source: 'gru',
    reference: { runtime: 'tfjs-node' },
    convert: [
      { to: 'tfjs', run: both },
      { artifact: 'stuck', name: 'stuck' },
    ],
  },
  lstm: {
    ...few,
    source: 'lstm',
    reference: { runtime: 'tfjs-node' },
    convert: { to: 'tfjs', run: ['tfjs', 'tfjs-node', { runtime: 'tfjs', name: 'cpu', options: { backend: 'cpu' } }] },
  },
  layers: {
    ...few,
    source: 'layers',
    convert: [
      { to: 'same', run: both },
      { artifact: 'halved', name: 'undeclared' },
    ],
  },
  keras3: same('keras3'),
  missing: same('missing'),
  short: same('short'),
  unknown: same('unknown'),
};

const dir = sharedScratch();
let report: Report;
let text: string;

beforeAll(async () => {
  const { python } = await resolveEnvironment('tfjs-converter', { python: 'managed', root: packageRoot }, () => {});
  execFileSync(python, [join(packageRoot, 'test/tfjs/make-models.py'), dir], { stdio: 'ignore' });
  for (const name of ['layers', 'halved', 'missing', 'short'])
    cpSync(join(MODELS, 'tfjs-layers'), join(dir, name), { recursive: true });
  rmSync(join(dir, 'missing', 'weights.bin'));
  truncateSync(join(dir, 'short', 'weights.bin'), 1000);
  halve(join(dir, 'halved'));
  write(dir, 'unknown/model.json', JSON.stringify(unknownOperator()));
  write(dir, 'onpar.json', JSON.stringify({ cases: CASES }));
  const args = ['run', '--out', 'run', '--reporter', 'terminal', '--jobs', '1', '--python', 'managed'];
  ({ text } = await onpar(args, { cwd: dir, deadlineMs: 590_000 }));
  report = readReport(join(dir, 'run'));
});

/** Stores the weights of a model in half precision, as the converter does when it is asked to. */
function halve(folder: string): void {
  const { json, weights } = readTfjs(join(folder, 'model.json'));
  const half = (weight: object) => ({ ...weight, quantization: { dtype: 'float16', original_dtype: 'float32' } });
  const weightsManifest = json.weightsManifest.map((group) => ({ ...group, weights: group.weights.map(half) }));
  write(folder, 'model.json', JSON.stringify({ ...json, weightsManifest }));
  const tensor = { dtype: 'float32' as const, shape: [weights.byteLength / 4], data: weights };
  write(folder, 'weights.bin', cast(tensor, 'float16').data);
}

/** A graph of one operator that nobody has. */
function unknownOperator(): object {
  const float = { type: 'DT_FLOAT' };
  const shape = { dim: [{ size: '-1' }, { size: '3' }] };
  const tensor = (name: string) => ({ [name]: { name: `${name}:0`, dtype: 'DT_FLOAT', tensorShape: shape } });
  return {
    format: 'graph-model',
    signature: { inputs: tensor('x'), outputs: tensor('y') },
    modelTopology: {
      node: [
        { name: 'x', op: 'Placeholder', attr: { dtype: float, shape: { shape } } },
        { name: 'y', op: 'Frobnicate', input: ['x'], attr: { T: float } },
      ],
      library: {},
      versions: { producer: 1 },
    },
    weightsManifest: [],
  };
}

function lineOf(id: string): Report['cases'][number] {
  const found = report.cases.find((c) => c.id === id);
  if (found === undefined) throw new Error(`no ${id}:\n${text}`);
  return found;
}

const PASS = [
  'numbers/tfjs@tfjs',
  'numbers/tfjs@tfjs-node',
  'tensorflow/same@tfjs-node',
  'words/tfjs@tfjs',
  'words/tfjs@tfjs-node',
  'loop/tfjs@tfjs',
  'loop/tfjs@tfjs-node',
  'switched/tfjs@tfjs',
  'positive/tfjs@tfjs',
  'spectrum/tfjs@cpu',
  'einsum/tfjs@tfjs-node',
  'find/tfjs@tfjs',
  'find/tfjs@tfjs-node',
  'dense/float16@tfjs',
  'dense/uint8@tfjs',
  'dense/uint16@tfjs',
  'gru/tfjs@tfjs',
  'gru/tfjs@tfjs-node',
  'lstm/tfjs@cpu',
  'lstm/tfjs@tfjs-node',
  'layers/same@tfjs',
  'layers/same@tfjs-node',
];

test('what is healthy passes, and nothing else', () => {
  const passed = report.cases.filter((c) => c.verdict === 'pass').map((c) => c.id);
  expect(passed.sort(), text).toEqual([...PASS].sort());
});

test.each<[string, string, RegExp, RegExp]>([
  ['bessel/tfjs@tfjs', 'operator-unsupported', /no operator BesselI0e/, /tfjs-node/],
  ['beside/tfjs@tfjs', 'export-failed', /a table that the signature does not use/, /this signature alone/],
  ['several/same@tfjs-node', 'signature-unknown', /no serving_default: bessel, einsum/, /option signature/],
  ['keras3/same@tfjs', 'model-load-failed', /layers model of Keras 3\.\d+.*Keras 2/, /graph model/],
  ['missing/same@tfjs', 'model-file-missing', /needs the weight file .*weights\.bin/, /every \.bin/],
  ['short/same@tfjs', 'model-load-failed', /hold.? 1000 bytes, .* need 1184/, /copy the folder again/],
  ['unknown/same@tfjs', 'operator-unsupported', /no operator Frobnicate/, /tfjs-node/],
])('%s is refused with %s and a way out', (id, code, message, fix) => {
  const found = lineOf(id).findings.find((f) => f.code === code);
  expect(found?.args.message, text).toMatch(message);
  expect(found?.args.fix).toMatch(fix);
});

test.each([
  ['spectrum/tfjs@tfjs', /backend wasm .* no complex numbers/],
  ['einsum/tfjs@tfjs', /backend wasm .* has no kernel Einsum; cpu has it/],
  ['lstm/tfjs@tfjs', /backend wasm .* _FusedMatMul.* rank-1 bias/],
])('%s: a backend that lacks something names it, and the backend that has it', (id, message) => {
  const { verdict, findings } = lineOf(id);
  const failed = findings.find((f) => f.code === 'candidate-failed');
  expect(verdict).toBe('fail');
  expect(failed?.message).toMatch(message);
  expect(failed?.args.fix).toMatch(/option `backend: cpu`/);
});

test('a loop that waits for what never comes is told as that', () => {
  const failed = lineOf('gru/stuck@tfjs').findings.find((f) => f.code === 'candidate-failed');
  expect(failed?.message, text).toMatch(/never ends a loop of .*: \d+ nodes \(.*wait for a Switch/);
  expect(failed?.args.fix).toMatch(/--to tfjs/);
  expect(lineOf('gru/tfjs@tfjs').artifact?.facts.switchWaitsLeftOut).toBeGreaterThan(0);
});

test('names that the converter loses and dtypes that TensorFlow.js lacks are declared', () => {
  const declared = lineOf('numbers/tfjs@tfjs').artifact?.declared ?? [];
  expect(declared.map(({ side, name, to, dtype }) => [side, name, to, dtype])).toEqual([
    ['input', 'ids', undefined, 'int32'],
    ['output', 'best', 'Identity:0', 'int32'],
    ['output', 'next', 'Identity_2:0', 'int32'],
  ]);
});

test('SavedModels keep their 64-bit integers in tfjs-node', () => {
  const { outputs } = lineOf('tensorflow/same@tfjs-node');
  expect(outputs.map(({ name, grade }) => [name, grade])).toContainEqual(['best', 'identical']);
});

test('half precision that nobody declared is told from the file', () => {
  const { verdict, findings } = lineOf('layers/undeclared@tfjs');
  expect(verdict).toBe('fail');
  expect(findings.find((f) => f.code === 'precision-lower')?.message).toMatch(/100 % of its weights .* float16/);
});

test('weights are stored as asked, in as many files as asked', () => {
  for (const precision of ['float16', 'uint8', 'uint16']) {
    const { artifact } = lineOf(`dense/${precision}@tfjs`);
    expect(artifact?.precision).toBe(precision);
    expect(artifact?.facts.weights).toEqual({ [precision]: 1216 });
    expect(artifact?.facts.shards).toBeGreaterThan(1);
  }
});
