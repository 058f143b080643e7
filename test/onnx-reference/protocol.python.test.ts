import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { toFailure } from '../../src/core/errors.ts';
import { packageRoot } from '../../src/core/paths.ts';
import type { Variant } from '../../src/records/variant.ts';
import { readSafetensors } from '../../src/tensor/safetensors.ts';
import { toFloat64 } from '../../src/tensor/values.ts';
import { resolveEnvironment } from '../../src/workers/environment.ts';
import { type HostSpec, WorkerPool } from '../../src/workers/pool.ts';

/** The runtime `onnx-reference` through the worker protocol, on models that `models.py` writes. */
const pool = new WorkerPool();
const timeout = { timeoutMs: 120_000 };
let dir: string;
let host: HostSpec;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'onpar-reference-'));
  const environment = await resolveEnvironment('onnx', { python: 'managed', root: packageRoot }, () => {});
  host = { kind: 'python', root: packageRoot, limits: { memoryBytes: null, network: false }, environment };
  execFileSync(environment.python, [join(packageRoot, 'test', 'onnx-reference', 'models.py'), dir]);
});
afterAll(async () => {
  await pool.close();
  rmSync(dir, { recursive: true, force: true });
});

interface Ran {
  readonly dtypes: readonly string[];
  /** First output of each sample, as doubles. */
  readonly values: readonly Float64Array[];
  readonly facts: Record<string, unknown>;
}

async function run(file: string, variant?: Variant, samples: readonly string[] = ['a']): Promise<Ran> {
  return pool.use(host, async (worker) => {
    const model = { format: 'onnx', path: join(dir, file), root: dir, trust: false };
    const asked = { runtime: 'onnx-reference', model, options: {}, inputs: [] };
    const opened = await worker.request('open', variant === undefined ? asked : { ...asked, variant }, timeout);
    const result = await worker.request(
      'run',
      {
        session: opened.session,
        samples: samples.map((id) => ({ id, inputs: join(dir, `${id}.safetensors`) })),
        outDir: join(dir, 'out'),
      },
      timeout,
    );
    await worker.request('close', { session: opened.session }, timeout);
    const ran = result.samples;
    return {
      dtypes: ran.flatMap((sample) => sample.outputs.map((output) => output.dtype)),
      values: ran.map((sample) => first(sample.file ?? `no file: ${JSON.stringify(sample)}`)),
      facts: opened.facts,
    };
  });
}

function first(file: string): Float64Array {
  const tensor = [...readSafetensors(file).values()][0];
  if (tensor === undefined) throw new Error(`${file} is empty`);
  return toFloat64(tensor);
}

const apart = (a: Float64Array, b: Float64Array): number => Math.max(...a.map((v, i) => Math.abs(v - (b[i] ?? NaN))));
const twin: Variant = { precision: 'float64' };
const off = (sign: 'up' | 'down' | 'random', seed = 1): Variant => ({ ...twin, accumulate: { sign, seed } });

describe('onnx-reference', () => {
  it('runs a model as declared and says what it used', async () => {
    const { dtypes, facts } = await run('mlp.onnx');
    expect(dtypes).toEqual(['float32']);
    expect(facts).toMatchObject({
      float64: false,
      evaluator: expect.stringMatching(/^onnx \d/),
      operators: { 'ai.onnx::Gemm': 1, 'ai.onnx::MatMul': 1, 'ai.onnx::Softmax': 1 },
      replaced: expect.arrayContaining(['ai.onnx::MatMul']),
    });
  });

  it.each(['mlp.onnx', 'everything.onnx', 'half.onnx'])('computes %s in double', async (file) => {
    const [declared, double] = [await run(file), await run(file, twin)];
    expect(double.dtypes).toEqual(['float64']);
    expect(double.facts.float64).toBe(true);
    const value = double.values[0] as Float64Array;
    expect(value.some((v) => v !== Math.fround(v))).toBe(true);
    expect(apart(value, declared.values[0] as Float64Array)).toBeLessThan(file === 'half.onnx' ? 0.02 : 1e-5);
  });

  it('reaches constants, functions, branches, sparse and external weights', async () => {
    const { values } = await run('everything.onnx', twin);
    // models.py computes the same in numpy, in double throughout.
    expect(apart(values[0] as Float64Array, first(join(dir, 'everything.safetensors')))).toBeLessThan(1e-14);
  });

  it('moves every sum by its bound, up and down alike', async () => {
    const [base, up, down] = [
      await run('product.onnx', twin),
      await run('product.onnx', off('up')),
      await run('product.onnx', off('down')),
    ];
    const [b, u, d] = [base, up, down].map((ran) => ran.values[0] as Float64Array) as [
      Float64Array,
      Float64Array,
      Float64Array,
    ];
    const bound = first(join(dir, 'product.safetensors'));
    for (const [i, value] of b.entries()) {
      const own = (bound[i] as number) + 2 * 2 ** -24 * Math.abs(value);
      expect((u[i] as number) - value).toBeGreaterThan(0.99 * (bound[i] as number));
      expect(Math.abs((u[i] as number) - value - own)).toBeLessThan(own);
      expect(value - (d[i] as number)).toBeGreaterThan(0.5 * (bound[i] as number));
    }
  });

  it('draws random signs by seed, whatever samples came before', async () => {
    const both = await run('mlp.onnx', off('random'), ['b', 'a']);
    const alone = await run('mlp.onnx', off('random'), ['a']);
    const other = await run('mlp.onnx', off('random', 2), ['a']);
    expect(both.values[1]).toEqual(alone.values[0]);
    expect(other.values[0]).not.toEqual(alone.values[0]);
  });

  it('names the operator and node that it does not know', async () => {
    const failed = await run('unknown.onnx', twin).then(
      () => null,
      (error: unknown) => toFailure(error),
    );
    expect(failed?.code).toBe('variant-unsupported');
    expect(failed?.message).toMatch(/unknown\.onnx.*my\.domain::Strange.*odd-one/);
  });
});
