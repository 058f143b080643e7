import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { toFailure } from '../../src/core/errors.ts';
import { packageRoot } from '../../src/core/paths.ts';
import type { Variant } from '../../src/records/variant.ts';
import { tensorFrom } from '../../src/tensor/build.ts';
import { readSafetensors, writeSafetensors } from '../../src/tensor/safetensors.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { toFloat64 } from '../../src/tensor/values.ts';
import { resolveEnvironment } from '../../src/workers/environment.ts';
import { type HostSpec, WorkerPool } from '../../src/workers/pool.ts';
import { writeTinyOnnx } from '../e2e/tiny-onnx.ts';

/** The toolchain `openvino` through the worker protocol, on IR files that `models.py` writes. */
const pool = new WorkerPool();
const timeout = { timeoutMs: 120_000 };
let dir: string;
let host: HostSpec;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'onpar-openvino-'));
  const environment = await resolveEnvironment('openvino', { python: 'managed', root: packageRoot }, () => {});
  host = { kind: 'python', root: packageRoot, limits: { memoryBytes: null, network: false }, environment };
  execFileSync(environment.python, [join(packageRoot, 'test', 'openvino', 'models.py'), dir]);
});
afterAll(async () => {
  await pool.close();
  rmSync(dir, { recursive: true, force: true });
});

interface Asked {
  readonly format?: string;
  readonly options?: Readonly<Record<string, unknown>>;
  readonly variant?: Variant;
}

const inFull = { inferencePrecision: 'f32' };
let calls = 0;

/** Runs samples in one session; a sample is its tensors by name. */
async function run(
  file: string,
  samples: readonly ReadonlyMap<string, Tensor>[],
  { format = 'openvino', options = {}, variant }: Asked = {},
) {
  const out = join(dir, `out-${++calls}`);
  mkdirSync(out);
  return pool.use(host, async (worker) => {
    const model = { format, path: file.startsWith('/') ? file : join(dir, file), root: dir, trust: false };
    const asked = { runtime: 'openvino', model, options, inputs: [], ...(variant === undefined ? {} : { variant }) };
    const opened = await worker.request('open', asked, timeout);
    const fed = samples.map((tensors, i) => {
      const inputs = join(out, `in-${i}.safetensors`);
      writeSafetensors(inputs, tensors);
      return { id: `${i}`, inputs };
    });
    const { samples: ran } = await worker.request(
      'run',
      { session: opened.session, samples: fed, outDir: out },
      timeout,
    );
    await worker.request('close', { session: opened.session }, timeout);
    return {
      ...opened,
      failures: ran.map(({ failure }) => failure),
      outputs: ran.map((s) => (s.file === undefined ? new Map<string, Tensor>() : readSafetensors(s.file))),
    };
  });
}

const refused = (file: string, asked?: Asked) =>
  run(file, [], asked).then(() => Promise.reject(new Error(`${file} was opened`)), toFailure);

const wave = (count: number) => Array.from({ length: count }, (_, i) => Math.fround(Math.sin(i * 1.7) * 2));
const x = (rows: number, values = wave(rows * 16)) => new Map([['x', tensorFrom('float32', [rows, 16], values)]]);
const numbers = (tensor: Tensor | undefined): number[] => {
  if (tensor === undefined) throw new Error('no such output');
  return Array.from(toFloat64(tensor));
};
const first = async (file: string, asked: Asked = {}, values?: number[]): Promise<number[]> => {
  const { outputs } = await run(file, [x(2, values)], { options: inFull, ...asked });
  return numbers(outputs[0]?.get('y'));
};
const apart = (a: readonly number[], b: readonly number[]) => Math.max(...a.map((v, i) => Math.abs(v - (b[i] ?? NaN))));
const move = (seed: number, step: 'float32' | 'int8' = 'float32'): Variant => ({ perturb: { step, seed } });

describe('the contract of an IR', () => {
  it('has names, dtypes and dynamic dimensions', async () => {
    const { contract, facts } = await run('product.xml', []);
    expect(contract).toEqual({
      inputs: [{ name: 'x', dtype: 'float32', shape: [null, 16] }],
      outputs: [{ name: 'y', dtype: 'float32', shape: [null, 16] }],
      names: 'declared',
    });
    expect(facts).toMatchObject({ device: 'CPU', irVersion: 11, inferencePrecision: 'default' });
  });

  it('tells the bounds of dimensions, and refuses sizes outside them by name', async () => {
    const of = (rows: number) => new Map([['x', tensorFrom('float32', [rows, 3], wave(rows * 3))]]);
    const { facts, failures, outputs } = await run('bounded.xml', [of(4), of(5), of(1)], { options: inFull });
    expect(facts.bounds).toEqual({
      x: [
        [1, 4],
        [3, 3],
      ],
    });
    expect(failures[1]).toMatchObject({ code: 'input-mismatch', message: expect.stringMatching(/x has 5 .*1 to 4/) });
    expect(numbers(outputs[0]?.get('y'))).toEqual(wave(12).map((v) => Math.fround(v + 1)));
    expect(numbers(outputs[2]?.get('y'))).toEqual(wave(3).map((v) => Math.fround(v + 1)));
  });

  it('carries every dtype in and out, scalars and empty tensors too', async () => {
    const sample = new Map<string, Tensor>([
      ['bfloat16', tensorFrom('bfloat16', [2], [1.5, -2.25])],
      ['int8', tensorFrom('int8', [3], [-128, 0, 127])],
      ['int64', tensorFrom('int64', [2], [1, -70_000])],
      ['bool', tensorFrom('bool', [2], [1, 0])],
      ['float16', tensorFrom('float16', [0], [])],
      ['scalar', tensorFrom('float32', [], [1.25])],
    ]);
    const { outputs, failures } = await run('dtypes.xml', [sample], { options: inFull });
    expect(failures).toEqual([undefined]);
    const given = Object.fromEntries([...(outputs[0] ?? [])].map(([k, t]) => [k, [t.dtype, t.shape, numbers(t)]]));
    expect(given).toEqual({
      bfloat16_out: ['bfloat16', [2], [-2.25, 1.5]],
      int8_out: ['int8', [3], [127, 0, -128]],
      int64_out: ['int64', [2], [-70_000, 1]],
      bool_out: ['bool', [2], [0, 1]],
      float16_out: ['float16', [0], []],
      scalar_out: ['float32', [], [2.5]],
    });
  });
});

describe('the precision it computes in', () => {
  it('is told from the compiled model, and the outputs bear it out', async () => {
    const asked = await Promise.all(
      ['default', 'f32', 'bf16', 'f16'].map((inferencePrecision) =>
        run('product.xml', [x(2)], { options: { inferencePrecision } }),
      ),
    );
    const exact = numbers(asked[1]?.outputs[0]?.get('y'));
    const off = asked.map(({ outputs }) => apart(exact, numbers(outputs[0]?.get('y'))));
    expect(asked.map(({ facts }) => facts.declaredPrecision)).toEqual([null, 'float32', 'bfloat16', 'float16']);
    expect(asked[1]?.facts.computesIn).toBe('float32');
    for (const [i, { facts }] of asked.entries()) {
      const half = facts.computesIn !== 'float32';
      // Sums of 16 products near 1: float32 is off by some 1e-6, half precisions by more than 1e-4.
      if (half) expect(off[i], String(facts.inferencePrecision)).toBeGreaterThan(1e-4);
      else expect(off[i], String(facts.inferencePrecision)).toBeLessThan(1e-5);
      const worksIn = { float32: 'f32', bfloat16: 'bf16', float16: 'f16' }[String(facts.computesIn)] as string;
      expect(facts.nodePrecisions).toHaveProperty(worksIn);
    }
  });

  it('is that of the model in accuracy mode, on every processor', async () => {
    const { facts } = await run('product.xml', [], { options: { executionMode: 'accuracy' } });
    expect(facts).toMatchObject({ computesIn: 'float32', executionMode: 'ACCURACY', declaredPrecision: null });
  });
});

describe('weights moved by rounding', () => {
  it('move together where they are the same weight', async () => {
    for (const step of ['float32', 'int8'] as const) {
      expect(await first('tied.xml', { variant: move(1, step) })).toEqual(Array(32).fill(0));
      expect(await first('product.xml', { variant: move(1, step) })).not.toEqual(await first('product.xml'));
    }
  });

  it('move in the bodies of an If, and only what runs through them changes', async () => {
    const positive = wave(32).map(Math.abs);
    const negative = positive.map((v) => -v);
    const moved = { variant: move(1) };
    expect(await first('branch.xml', moved, positive)).not.toEqual(await first('branch.xml', {}, positive));
    expect(await first('branch.xml', moved, negative)).toEqual(positive);
  });
});

it('starts every sample from the initial state', async () => {
  const one = new Map([['x', tensorFrom('float32', [1, 4], [1, 2, 3, 4])]]);
  const { outputs } = await run('state.xml', [one, one, one], { options: inFull });
  for (const output of outputs) expect(numbers(output.get('y'))).toEqual([1, 2, 3, 4]);
});

describe('a broken file', () => {
  const copy = (name: string, ...endings: string[]) => {
    for (const ending of endings) copyFileSync(join(dir, `product.${ending}`), join(dir, `${name}.${ending}`));
  };

  it('without its weights is named with the file that is missing', async () => {
    copy('alone', 'xml');
    const failure = await refused('alone.xml');
    expect(failure.code).toBe('model-file-missing');
    expect(failure.message).toContain('alone.bin');
    expect(failure.fix).toContain('alone.bin');
  });

  it('with weights cut short is named with both sizes', async () => {
    copy('short', 'xml', 'bin');
    truncateSync(join(dir, 'short.bin'), 1000);
    const failure = await refused('short.xml');
    expect(failure.code).toBe('model-load-failed');
    expect(failure.message).toMatch(/short\.bin holds 1000 bytes.*byte 1024/);
  });

  it.each([
    ['unclosed.xml', "<?xml version='1.0'?>\n<net name='m' version='11'><layers>", /unclosed\.xml.*tags mismatch/],
    ['none.xml', 'no graph at all', /none\.xml.*OpenVINO IR/],
  ])('%s is refused with the parser’s reason', async (name, content, message) => {
    writeFileSync(join(dir, name), content);
    const failure = await refused(name);
    expect(failure.code).toBe('model-load-failed');
    expect(failure.message).toMatch(message);
    expect(failure.message).not.toContain('src/');
  });

  it('with an operator that does not exist names it', async () => {
    copy('unknown', 'xml', 'bin');
    const graph = readFileSync(join(dir, 'unknown.xml'), 'utf8');
    writeFileSync(join(dir, 'unknown.xml'), graph.replace('type="MatMul"', 'type="Frobnicate"'));
    const failure = await refused('unknown.xml');
    expect(failure.code).toBe('model-load-failed');
    expect(failure.message).toContain('Frobnicate');
  });

  it('that hands strings on is refused before it crashes', async () => {
    const strings = join(packageRoot, 'fixtures', 'models', 'strings.onnx');
    const failure = await refused(strings, { format: 'onnx' });
    expect(failure.code).toBe('model-load-failed');
    expect(failure.message).toMatch(/same hands strings/);
  });
});

describe('the exporter', () => {
  const source = join(packageRoot, 'fixtures', 'models', 'tiny-mlp.onnx');
  const exported = (path: string, options: Readonly<Record<string, unknown>>) => {
    const model = { format: 'onnx', path, root: dir, trust: false };
    const outDir = join(dir, `made-${++calls}`);
    return pool.use(host, (worker) =>
      worker.request('export', { exporter: 'openvino', model, options, inputs: [], outDir }, timeout),
    );
  };
  const failure = (path: string, options: Readonly<Record<string, unknown>>) =>
    exported(path, options).then(() => Promise.reject(new Error(`${path} was exported`)), toFailure);
  const saved = (name: string, tensors: ReadonlyMap<string, Tensor>) => {
    writeSafetensors(join(dir, name), tensors);
    return join(dir, name);
  };

  it('names operators that OpenVINO does not have', async () => {
    const path = join(dir, 'frobnicate.onnx');
    const nodes = [{ opType: 'Frobnicate', input: ['x'], output: ['y'] }];
    writeTinyOnnx(path, { inputs: { x: ['batch', 4] }, outputs: { y: ['batch', 4] }, nodes });
    const told = await failure(path, {});
    expect(told.code).toBe('operator-missing');
    expect(told.message).toMatch(/frobnicate\.onnx: OpenVINO \d{4}\.\d+\.\d+ has no such operators: .*Frobnicate/);
  });

  it('asks for calibration data, and says what is wrong with it', async () => {
    const none = await failure(source, { precision: 'int8' });
    expect([none.code, none.fix]).toEqual(['calibration-missing', expect.stringContaining('calibration')]);
    const gone = await failure(source, { precision: 'int8', calibration: join(dir, 'gone.npz') });
    expect([gone.code, gone.message]).toEqual(['export-failed', expect.stringContaining('gone.npz')]);
    const two = new Map([1, 2].map((i) => [`i${i}`, tensorFrom('float32', [2, 8], wave(16))] as const));
    const many = await failure(source, { precision: 'int8', calibration: saved('two.safetensors', two) });
    expect([many.code, many.message]).toEqual([
      'export-failed',
      expect.stringMatching(/has i1, i2; the model takes x/),
    ]);
  });

  it('writes integers only where int8 was asked for', async () => {
    const rows = saved('rows.safetensors', new Map([['x', tensorFrom('float32', [32, 8], wave(256))]]));
    const int8 = await exported(source, { precision: 'int8', calibration: rows });
    const plain = await exported(source, {});
    expect([int8.precision, plain.precision]).toEqual(['int8', 'float32']);
    expect(int8.facts).toMatchObject({ calibrationRows: 32, weights: { i8: 16 * 8 + 4 * 16 } });
    expect(plain.facts.weights).not.toHaveProperty('i8');
  });
});

it('refuses options by name and value', async () => {
  expect((await refused('product.xml', { options: { precision: 'f32' } })).code).toBe('option-unknown');
  const failure = await refused('product.xml', { options: { inferencePrecision: 'int8' } });
  expect(failure.fix).toContain('default, f32, bf16, f16');
});
