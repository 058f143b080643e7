import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packageRoot } from '../../src/core/paths.ts';
import type { Variant } from '../../src/records/variant.ts';
import { tensorFrom } from '../../src/tensor/build.ts';
import { readSafetensors, writeSafetensors } from '../../src/tensor/safetensors.ts';
import { resolveEnvironment } from '../../src/workers/environment.ts';
import { WorkerPool } from '../../src/workers/pool.ts';
import { run, scratchWithModels } from './suite.ts';

/** Weights that float32 holds exactly, so that the same formula gives the same numbers here and there. */
const MLP = `
import torch

def grid(rows, columns):
    i = torch.arange(rows)[:, None]
    j = torch.arange(columns)[None, :]
    return ((i * 7 + j * 3) % 11 - 5) / 16

class Mlp(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.first = torch.nn.Linear(16, 16)
        self.tied = torch.nn.Linear(16, 16)
        with torch.no_grad():
            self.first.weight.copy_(grid(16, 16))
            self.first.bias.copy_(grid(1, 16)[0])
        self.tied.weight = self.first.weight
        self.tied.bias = self.first.bias
        # Neither a parameter nor a buffer: double() does not reach it.
        self.shift = grid(1, 16)[0]

    def forward(self, x):
        hidden = torch.tanh(self.first(x)) + torch.zeros(16, dtype=torch.float32)
        out = torch.zeros(x.shape[0], 16)
        out[:, :] = self.tied(hidden.float()) + self.shift
        return out

def build():
    return Mlp().eval()

class Tied(Mlp):
    def forward(self, x):
        return self.first(x) - self.tied(x)

def tied():
    return Tied().eval()

class Norm(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.norm = torch.nn.BatchNorm1d(16)
        with torch.no_grad():
            self.norm.running_var.copy_(torch.linspace(1e-30, 1e-3, 16))

    def forward(self, x):
        return self.norm.running_var + 0 * x

def norm():
    return Norm().eval()

class Mean(torch.nn.Module):
    def forward(self, x):
        return x.mean((2, 3))

def mean():
    return Mean()

class Product(torch.nn.Module):
    def forward(self, x):
        return x @ x.T

def product():
    return Product()

class Bits(torch.nn.Module):
    def forward(self, x):
        return x.view(torch.int32)

def bits():
    return Bits()
`;

const pool = new WorkerPool();
let dir: string;
let clean: () => void;

beforeAll(() => {
  [dir, clean] = scratchWithModels();
  writeFileSync(join(dir, 'net.py'), MLP);
  const made = [
    ['demo/digits_cnn.py:trained', 'torchscript'],
    ['demo/digits_cnn.py:trained', 'torch-export'],
    ['demo/digits_keras.keras', 'savedmodel'],
    ['demo/digits_keras.keras', 'tflite'],
    ['models/tiny-mlp.onnx', 'openvino', '--tolerance', 'bfloat16'],
  ] as const;
  for (const [source, to, ...more] of made)
    run(['run', source, '--to', to, '--python', 'managed', '--samples', '1', '--out', `made/${to}`, ...more], dir);
});
afterAll(async () => {
  await pool.close();
  clean();
});

interface Target {
  readonly toolchain: string;
  readonly runtime: string;
  readonly format: string;
  readonly path: string;
  readonly callable?: string;
  readonly options?: Readonly<Record<string, unknown>>;
  readonly input: string;
  readonly shape: readonly number[];
}

const torch = (callable: string, shape: readonly number[]): Target => ({
  toolchain: 'pytorch',
  runtime: 'torch',
  format: 'pytorch',
  path: 'net.py',
  callable,
  input: 'x',
  shape,
});

const MODELS: Record<string, Target> = {
  torch: torch('build', [2, 16]),
  torchscript: {
    toolchain: 'pytorch',
    runtime: 'torchscript',
    format: 'torchscript',
    path: 'made/torchscript/artifacts/digits_cnn/torchscript/model.pt',
    input: 'image',
    shape: [2, 1, 8, 8],
  },
  'torch-export': {
    toolchain: 'pytorch',
    runtime: 'torch-export',
    format: 'torch-export',
    path: 'made/torch-export/artifacts/digits_cnn/torch-export/model.pt2',
    input: 'image',
    shape: [2, 1, 8, 8],
  },
  jax: {
    toolchain: 'jax',
    runtime: 'jax',
    format: 'jax',
    path: 'models/jax_mlp.py',
    callable: 'build',
    input: 'x',
    shape: [2, 8],
  },
  keras: {
    toolchain: 'tensorflow',
    runtime: 'keras',
    format: 'keras',
    path: 'demo/digits_keras.keras',
    input: 'image',
    shape: [2, 8, 8, 1],
  },
  tensorflow: {
    toolchain: 'tensorflow',
    runtime: 'tensorflow',
    format: 'savedmodel',
    path: 'made/savedmodel/artifacts/digits_keras/savedmodel/saved_model',
    input: 'image',
    shape: [2, 8, 8, 1],
  },
  'tensorflow-graph': {
    toolchain: 'tensorflow',
    runtime: 'tensorflow-graph',
    format: 'graphdef',
    path: 'models/frozen.pb',
    input: 'x',
    shape: [2, 32],
  },
  sklearn: {
    toolchain: 'sklearn',
    runtime: 'sklearn',
    format: 'sklearn',
    path: 'demo/wine.joblib',
    input: 'X',
    shape: [2, 13],
  },
  xgboost: {
    toolchain: 'sklearn',
    runtime: 'xgboost',
    format: 'xgboost',
    path: 'models/xgb-early.ubj',
    input: 'X',
    shape: [2, 5],
  },
  lightgbm: {
    toolchain: 'sklearn',
    runtime: 'lightgbm',
    format: 'lightgbm',
    path: 'models/lgb-multi.txt',
    input: 'X',
    shape: [2, 5],
  },
  litert: {
    toolchain: 'litert',
    runtime: 'litert',
    format: 'tflite',
    path: 'made/tflite/artifacts/digits_keras/tflite/model.tflite',
    input: 'image',
    shape: [2, 8, 8, 1],
  },
  openvino: {
    toolchain: 'openvino',
    runtime: 'openvino',
    format: 'openvino',
    path: 'made/openvino/artifacts/tiny-mlp/openvino/model.xml',
    // In bfloat16 one step of float32 is rounded away.
    options: { inferencePrecision: 'f32' },
    input: 'x',
    shape: [2, 8],
  },
};

const count = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);
const wave = (shape: readonly number[]): number[] =>
  Array.from({ length: count(shape) }, (_, i) => Math.fround(Math.sin(i * 1.7) * 2));

let calls = 0;

/** The last float output of one sample, and its dtype. */
async function answer(target: Target, variant?: Variant, values = wave(target.shape)) {
  const out = join(dir, `out-${++calls}`);
  mkdirSync(out);
  const file = join(out, 'in.safetensors');
  writeSafetensors(file, new Map([[target.input, tensorFrom('float32', target.shape, values)]]));
  const environment = await resolveEnvironment(target.toolchain, { python: 'managed', root: packageRoot }, () => {});
  const limits = { memoryBytes: null, network: false };
  return pool.use({ kind: 'python', root: dir, limits, environment }, async (worker) => {
    const limit = { timeoutMs: 120_000 };
    const { session } = await worker.request(
      'open',
      {
        runtime: target.runtime,
        model: {
          format: target.format,
          path: join(dir, target.path),
          root: dir,
          trust: true,
          ...(target.callable === undefined ? {} : { callable: target.callable }),
        },
        options: { ...target.options },
        inputs: [{ name: target.input, dtype: 'float32', shape: target.shape }],
        ...(variant === undefined ? {} : { variant }),
      },
      limit,
    );
    const { samples } = await worker.request(
      'run',
      { session, samples: [{ id: 's', inputs: file }], outDir: out },
      limit,
    );
    await worker.request('close', { session }, limit);
    const sample = samples[0];
    if (sample?.failure !== undefined && sample.failure !== null) throw new Error(sample.failure.code);
    const tensors = [...readSafetensors(String(sample?.file)).values()].filter((t) => t.dtype.startsWith('float'));
    const tensor = tensors.at(-1);
    if (tensor === undefined) throw new Error('no float output');
    const { buffer } = tensor.data.slice();
    const numbers = tensor.dtype === 'float64' ? new Float64Array(buffer) : new Float32Array(buffer);
    return { dtype: tensor.dtype, values: Array.from(numbers) };
  });
}

const apart = (a: readonly number[], b: readonly number[]): number =>
  Math.max(...a.map((x, i) => Math.abs(x - (b[i] ?? Number.NaN))));
const relative = (a: readonly number[], b: readonly number[]): number =>
  apart(a, b) / Math.max(...a.map((x) => Math.abs(x)));

const float64: Variant = { precision: 'float64' };
const move = (seed: number, step: 'float32' | 'float16' | 'bfloat16' | 'int8' = 'float32'): Variant => ({
  perturb: { step, seed },
});

describe.each(Object.entries(MODELS))('%s, weights moved', (_, target) => {
  it('moves outputs a little, by its seed, and leaves the next open as it was', async () => {
    const before = await answer(target);
    const seeds = await Promise.all([1, 2, 3, 1].map((seed) => answer(target, move(seed))));
    const moves = seeds.map((s) => relative(before.values, s.values));
    expect(Math.max(...moves)).toBeGreaterThan(1e-9);
    expect(Math.max(...moves)).toBeLessThan(1e-4);
    expect(new Set(seeds.slice(0, 3).map((s) => s.values.join())).size).toBeGreaterThan(1);
    expect(seeds[3]?.values).toEqual(seeds[0]?.values);
    expect((await answer(target)).values).toEqual(before.values);
  });

  it('moves more by a coarser step', async () => {
    const before = await answer(target);
    const [fine, coarse] = await Promise.all([answer(target, move(1)), answer(target, move(1, 'bfloat16'))]);
    const [small, large] = [fine, coarse].map((s) => relative(before.values, s.values)) as [number, number];
    expect(large).toBeGreaterThan(20 * small);
    expect(large).toBeLessThan(0.5);
  });
});

describe.each([
  'torch',
  'torchscript',
  'torch-export',
  'keras',
  'jax',
  'tensorflow-graph',
  'sklearn',
  'xgboost',
  'lightgbm',
])('%s in float64', (name) => {
  it('agrees with float32 to rounding, and is double precision', async () => {
    const target = MODELS[name] as Target;
    const [narrow, wide] = [await answer(target), await answer(target, float64)];
    expect(wide.dtype).toBe('float64');
    expect(relative(wide.values, narrow.values)).toBeLessThan(1e-5);
    const moved = await answer(target, { ...float64, ...move(1) });
    expect(relative(wide.values, moved.values)).toBeGreaterThan(1e-9);
    expect(relative(wide.values, moved.values)).toBeLessThan(1e-4);
  });
});

describe('torch', () => {
  const grid = (i: number, j: number) => (((i * 7 + j * 3) % 11) - 5) / 16;
  const linear = (x: readonly number[]) =>
    Array.from({ length: 16 }, (_, i) => x.reduce((sum, value, j) => sum + value * grid(i, j), grid(0, i)));

  it('in float64 is the formula in double precision, dtypes in the code notwithstanding', async () => {
    const x = wave([2, 16]);
    const expected = [x.slice(0, 16), x.slice(16)].flatMap((row) =>
      linear(linear(row).map(Math.tanh)).map((value, i) => value + grid(0, i)),
    );
    const wide = await answer(MODELS.torch as Target, float64);
    expect(relative(expected, wide.values)).toBeLessThan(1e-12);
    expect(relative(expected, (await answer(MODELS.torch as Target)).values)).toBeGreaterThan(1e-9);
  });

  it.each(['float32', 'int8'] as const)('moves tied weights together (%s)', async (step) => {
    const { values } = await answer(torch('tied', [2, 16]), move(1, step));
    expect(values.every((value) => value === 0)).toBe(true);
  });

  it.each(['float32', 'float16', 'bfloat16', 'int8'] as const)('keeps variances positive (%s)', async (step) => {
    const target = torch('norm', [1, 16]);
    const [before, after] = [await answer(target), await answer(target, move(1, step))];
    expect(after.values).not.toEqual(before.values);
    expect(Math.min(...after.values)).toBeGreaterThan(0);
  });

  it.each([
    ['a long mean', torch('mean', [1, 1, 224, 224]), Array(224 * 224).fill(Math.fround(0.1)), 224 * 224],
    ['a matrix product', torch('product', [4, 4096]), wave([4, 4096]), 4096],
  ] as const)('bounds %s and not by far too much', async (_, target, values, terms) => {
    const narrow = await answer(target, undefined, [...values]);
    const wide = await answer(target, float64, [...values]);
    for (const sign of ['up', 'down', 'random'] as const) {
      const off = await answer(target, { ...float64, accumulate: { sign, seed: 1 } }, [...values]);
      for (const [i, exact] of wide.values.entries()) {
        const bound = (off.values[i] ?? 0) - exact;
        if (sign !== 'random') expect(Math.sign(bound)).toBe(sign === 'up' ? 1 : -1);
        expect(Math.abs(bound)).toBeGreaterThanOrEqual(Math.abs((narrow.values[i] ?? 0) - exact));
        // n·u·Σ|terms| with |terms| of at most 4 (0.1 in the mean, which divides by n).
        const size = terms === 4096 ? terms * 4 : 0.1;
        expect(Math.abs(bound)).toBeLessThanOrEqual(1.01 * terms * 2 ** -24 * size);
      }
    }
  });

  it('says so where a model has no meaning in double precision', async () => {
    await expect(answer(torch('bits', [1, 16]), float64)).rejects.toThrow('variant-unsupported');
  });

  it('refuses accumulate without float64', async () => {
    const variant: Variant = { accumulate: { sign: 'up', seed: 1 } };
    await expect(answer(MODELS.torch as Target, variant)).rejects.toThrow(/float64/);
  });
});
