import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { toFailure } from '../../src/core/errors.ts';
import { packageRoot } from '../../src/core/paths.ts';
import type { ReportCase } from '../../src/records/report.ts';
import { resolveEnvironment } from '../../src/workers/environment.ts';
import { resolveNodeEnvironment } from '../../src/workers/node-environment.ts';
import { type HostSpec, WorkerPool } from '../../src/workers/pool.ts';
import { runSuite } from '../contracts/suite.ts';
import { MODELS } from './onpar.ts';

/**
 * Everything that the TFLite format can hold, in its three runtimes: the interpreter of the Python package judges LiteRT's C
 * library and LiteRT.js, each with and without XNNPACK where it has that.
 */
let dir: string;
let cases: readonly ReportCase[];

const PLAIN = { xnnpack: false };
const under = (runtime: string, options: object = {}) => ({ runtime, options });
interface Own {
  readonly js?: boolean;
  readonly signature?: string;
  readonly [key: string]: unknown;
}
/** Judged by the interpreter, in all ways that a case can be run. */
const everywhere = (source: string, { js = false, signature, ...own }: Own = {}) => {
  const options = signature === undefined ? {} : { signature };
  return {
    source: `${source}.tflite`,
    python: 'managed',
    ...own,
    reference: under('litert', options),
    convert: [
      { to: 'same', name: 'plain', run: under('litert', { ...options, ...PLAIN, threads: 1 }) },
      { to: 'same', name: 'node', run: under('litert-node', options) },
      { to: 'same', name: 'node-plain', run: under('litert-node', { ...options, ...PLAIN, threads: 2 }) },
      ...(js ? [{ to: 'same', name: 'js', run: under('litertjs', options) }] : []),
    ],
  };
};

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'onpar-tflite-'));
  cpSync(join(MODELS, 'tflite'), dir, { recursive: true });
  const whole = readFileSync(join(dir, 'dense-float.tflite'));
  writeFileSync(join(dir, 'cut.tflite'), whole.subarray(0, whole.length - 100));
  cases = runSuite(dir, {
    cases: {
      dense: everywhere('dense-float', { js: true }),
      int8: everywhere('dense-int8', { inputs: { x: { dtype: 'float32', shape: ['batch', 8], range: [-2, 2] } } }),
      scale: everywhere('signatures', { signature: 'scale' }),
      sum: everywhere('signatures', { signature: 'sum' }),
      dtypes: everywhere('dtypes'),
      fixed: everywhere('fixed', { js: true }),
      stateful: everywhere('stateful', { js: true }),
      where: everywhere('where'),
      concat: everywhere('concat', { dims: { batch: [0, 1, 3] } }),
      cut: everywhere('cut'),
    },
  }).cases;
}, 120_000);
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const only = (name: string): ReportCase => {
  const found = cases.find((c) => c.id.startsWith(`${name}@`));
  if (found === undefined) throw new Error(`${name} is not in the report: ${cases.map((c) => c.id).join(', ')}`);
  return found;
};
const errors = (c: ReportCase) => c.findings.filter(({ severity }) => severity === 'error').map(({ code }) => code);

describe.each([
  ['dense', 'dynamic sizes'],
  ['scale', 'one of two signatures, with two inputs and two outputs'],
  ['sum', 'the other signature, with a 0-d output'],
  ['dtypes', 'every element type, strings among them'],
  ['fixed', 'fixed sizes'],
  ['stateful', 'a variable, which is reset before each sample'],
])('%s: %s', (name) => {
  it('comes out of LiteRT’s C library bit for bit as out of its interpreter', () => {
    expect([only(`${name}/node`).verdict, only(`${name}/node`).grade]).toEqual(['pass', 'identical']);
    expect(only(`${name}/node`).samples.length).toBeGreaterThan(3);
  });

  it('agrees without XNNPACK in both', () => {
    expect([only(`${name}/plain`).verdict, only(`${name}/node-plain`).verdict]).toEqual(['pass', 'pass']);
  });
});

it('quantises inputs and reads outputs by the parameters of the file', () => {
  const c = only('int8/node');
  expect([c.verdict, c.grade]).toEqual(['pass', 'identical']);
  expect(c.outputs[0]?.metrics.maxAbs).toBe(0);
});

it('resets what a model keeps: no sample starts where another ended', () => {
  expect(only('stateful/node').reference.facts).toMatchObject({ stateful: 'reset before each sample' });
  expect(errors(only('stateful/js'))).toEqual([]);
});

describe('what a runtime cannot do is told by code, with a way out', () => {
  it('sizes that depend on values, and empty ones, in the C library', () => {
    expect(errors(only('where/node'))).toContain('candidate-failed');
    expect(JSON.stringify(only('where/node').findings)).toContain('depends on values');
    expect(JSON.stringify(only('concat/node').findings)).toContain('does not resize input');
    // The interpreter can do both.
    expect([only('where/plain'), only('concat/plain')].flatMap(errors)).not.toContain('reference-failed');
  });

  it('dynamic sizes in LiteRT.js', () => {
    expect(errors(only('dense/js'))).toEqual(['dynamic-unsupported']);
    expect([only('fixed/js').verdict, only('fixed/js').grade]).toEqual(['pass', 'equivalent']);
  });

  it('a file that is cut short', () => {
    expect(errors(only('cut/plain'))).toEqual(['model-load-failed']);
  });
});

describe('an operator that a runtime has no kernel for', () => {
  const pool = new WorkerPool();
  afterAll(() => pool.close());
  const limits = { memoryBytes: null, network: false };
  const hosts: Record<string, () => Promise<HostSpec>> = {
    litert: async () => ({
      kind: 'python',
      root: packageRoot,
      limits,
      environment: await resolveEnvironment('litert', { python: 'managed', root: packageRoot }, () => {}),
    }),
    'litert-node': async () => ({
      kind: 'node',
      root: packageRoot,
      limits,
      environment: await resolveNodeEnvironment('litert-node', () => {}),
    }),
  };

  it.each([
    ['litert', 'flex', 'FlexMatrixInverse', 'SELECT_TF_OPS'],
    ['litert', 'custom', 'MatrixInverse', 'allow_custom_ops'],
    ['litert-node', 'flex', 'FlexMatrixInverse', 'SELECT_TF_OPS'],
    ['litert-node', 'custom', 'MatrixInverse', 'allow_custom_ops'],
  ])('%s names it: %s', async (runtime, name, operator, fix) => {
    const path = join(dir, `${name}.tflite`);
    const host = await (hosts[runtime] as () => Promise<HostSpec>)();
    const opened = pool.use(host, (worker) =>
      worker.request(
        'open',
        { runtime, model: { format: 'tflite', path, root: dir, trust: false }, options: {}, inputs: [] },
        { timeoutMs: 60_000 },
      ),
    );
    const failure = toFailure(await opened.catch((error: unknown) => error));
    expect(failure.code).toBe('operator-missing');
    expect(failure.message).toContain(`the custom operator ${operator} (version 1)`);
    expect(failure.fix).toContain(fix);
  });
});
