import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { catalogue } from '../../src/engine/catalogue.ts';
import { parseOnnx } from '../../src/formats/onnx/read.ts';
import type { OpNode } from '../../src/records/graph.ts';
import type { Variant } from '../../src/records/variant.ts';
import { tensorFrom } from '../../src/tensor/build.ts';
import { writeSafetensors } from '../../src/tensor/safetensors.ts';
import type { NamedTensors, Tensor } from '../../src/tensor/tensor.ts';
import { WorkerPool } from '../../src/workers/pool.ts';
import { askToolchain, disorder, type LookedInto, lookInto, type TapTarget } from './taps.ts';

const NETS = `
import torch
from torch import nn

class Cnn(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(3, 4, 3, padding=1, stride=2)
        self.norm = nn.BatchNorm2d(4, eps=0.01)
        self.act = nn.GELU(approximate="tanh")
        self.head = nn.Linear(4, 2)
        # Neither a parameter nor a buffer.
        self.shift = torch.linspace(0, 1, 2)

    def forward(self, image):
        x = self.act(self.norm(self.first(image)))
        a, _, c = torch.relu(x).split([1, 2, 1], dim=1)
        x = x + (a - c)
        logits = self.head(x.mean((2, 3))) + self.shift
        return {"logits": logits, "image": image}

class Recurrent(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(5, 6, num_layers=2, batch_first=True)
        self.head = nn.Linear(6, 3)

    def forward(self, signal):
        y, _ = self.lstm(signal)
        return self.head(y[:, -1])

class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        one = nn.TransformerEncoderLayer(8, 2, 16, activation="gelu", batch_first=True)
        self.layers = nn.TransformerEncoder(one, 1, enable_nested_tensor=False)

    def forward(self, features):
        return self.layers(features)

class Branch(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = nn.Sequential(nn.Linear(4, 4), nn.Tanh())

    def forward(self, x):
        y = self.inner(x)
        if y.sum() > 100:
            y = -y
        out = torch.zeros_like(y)
        out[:, :2] = y[:, :2]
        return out * 3

class Noisy(nn.Module):
    def __init__(self):
        super().__init__()
        self.drop, self.norm = nn.Dropout(0.5), nn.BatchNorm1d(4)

    def forward(self, x):
        return self.norm(self.drop(x))

def made(kind):
    torch.manual_seed(3)
    return kind().eval()

def cnn():
    return made(Cnn)

def recurrent():
    return made(Recurrent)

def encoder():
    return made(Encoder)

def branch():
    return made(Branch)

def noisy():
    return made(Noisy).train()
`;

const ESTIMATORS = `
import numpy as np, pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import FeatureUnion, Pipeline
from sklearn.preprocessing import OneHotEncoder, PolynomialFeatures, StandardScaler

def table():
    random = np.random.default_rng(0)
    data = pd.DataFrame({"age": random.normal(40, 9, 90), "pay": random.normal(3, 1, 90)})
    data["city"] = random.choice(["a", "b", "c"], 90)
    numbers = Pipeline([("fill", SimpleImputer()), ("scale", StandardScaler())])
    columns = [("numbers", numbers, ["age", "pay"]), ("city", OneHotEncoder(), ["city"])]
    model = Pipeline([("columns", ColumnTransformer(columns)), ("decide", LogisticRegression(C=0.5))])
    return model.fit(data, data.age + 9 * data.pay > 66)

def forest():
    x = np.random.default_rng(0).normal(size=(80, 3)).astype(np.float32)
    both = FeatureUnion([("scale", StandardScaler()), ("poly", PolynomialFeatures(2))], transformer_weights={"poly": 0.5})
    return Pipeline([("both", both), ("trees", RandomForestClassifier(6, max_depth=3, random_state=0))]).fit(x, x.sum(1) > 0)
`;

const FUNCTIONS = `
import jax.numpy as jnp
import numpy as np
from jax import nn

def run(weights, x):
    hidden = nn.relu(x @ weights["first"]["kernel"])
    return {"scores": nn.log_softmax(hidden - weights["shift"]), "x": x}

def build():
    grid = np.arange(12, dtype=np.float32).reshape(4, 3)
    return run, {"first": {"kernel": np.sin(grid)}, "shift": np.cos(grid[0])}
`;

const pool = new WorkerPool();
let dir: string;
const exported: Record<string, string> = {};

const wave = (shape: readonly number[]): Tensor => {
  const count = shape.reduce((a, b) => a * b, 1);
  return tensorFrom(
    'float32',
    shape,
    Array.from({ length: count }, (_, i) => Math.fround(Math.sin(i * 1.7) * 2)),
  );
};
const IMAGE = ['image', [2, 3, 6, 6]] as const;

function torch(callable: string, [name, shape]: readonly [string, readonly number[]], more: Partial<TapTarget> = {}) {
  return {
    toolchain: 'pytorch',
    runtime: 'torch',
    model: { format: 'pytorch', path: join(dir, 'nets.py'), callable },
    inputs: [{ name, dtype: 'float32', shape: ['batch', ...shape.slice(1)] }],
    sample: new Map([[name, wave(shape)]]),
    ...more,
  } satisfies TapTarget;
}
const sklearn = (callable: string, sample: NamedTensors): TapTarget => ({
  toolchain: 'sklearn',
  runtime: 'sklearn',
  model: { format: 'sklearn', path: join(dir, 'estimators.py'), callable },
  inputs: [...sample].map(([name, { dtype, shape }]) => ({ name, dtype, shape: ['rows', ...shape.slice(1)] })),
  sample,
});
const jax = (variant?: Variant): TapTarget => ({
  toolchain: 'jax',
  runtime: 'jax',
  model: { format: 'jax', path: join(dir, 'functions.py'), callable: 'build' },
  inputs: [{ name: 'x', dtype: 'float32', shape: ['batch', 4] }],
  sample: new Map([['x', wave([3, 4])]]),
  ...(variant === undefined ? {} : { variant }),
});
const table = (): TapTarget =>
  sklearn(
    'table',
    new Map([
      ['age', tensorFrom('float64', [3, 1], [31, 44, 52])],
      ['pay', tensorFrom('float64', [3, 1], [2, 3.5, 4])],
      ['city', { dtype: 'string', shape: [3, 1], data: new Uint8Array(), strings: ['a', 'c', 'b'] }],
    ]),
  );

/** What is to be said of every runtime that offers taps. */
const TARGETS: Record<string, () => TapTarget> = {
  torch: () => torch('cnn', IMAGE),
  'torch, LSTM, without a sample': () => torch('recurrent', ['signal', [2, 7, 5]], { example: false }),
  'torch, not exportable': () => torch('branch', ['x', [3, 4]]),
  'torch, in training mode': () => torch('noisy', ['x', [6, 4]]),
  'torch, transformer, float64': () => torch('encoder', ['features', [2, 5, 8]], { variant: { precision: 'float64' } }),
  'torch, float64, weights moved': () =>
    torch('cnn', IMAGE, { variant: { precision: 'float64', perturb: { step: 'float32', seed: 1 } } }),
  torchscript: () =>
    torch('cnn', IMAGE, {
      runtime: 'torchscript',
      model: { format: 'torchscript', path: String(exported.torchscript) },
    }),
  'torch-export': () =>
    torch('cnn', IMAGE, {
      runtime: 'torch-export',
      model: { format: 'torch-export', path: String(exported['torch-export']) },
      variant: { precision: 'float64' },
    }),
  jax: () => jax(),
  'jax, float64, weights moved': () => jax({ precision: 'float64', perturb: { step: 'float32', seed: 1 } }),
  sklearn: table,
  'sklearn, union and forest': () => sklearn('forest', new Map([['X', wave([4, 3])]])),
};

const found = new Map<string, Promise<LookedInto>>();
/** Each target is looked into once. */
function look(name: string): Promise<LookedInto> {
  const known = found.get(name) ?? lookInto(pool, (TARGETS[name] as () => TapTarget)());
  found.set(name, known);
  return known;
}

async function exportAs(exporter: string, callable: string, input: readonly [string, readonly number[]]) {
  const outDir = join(dir, `${exporter}-${callable}`);
  const { model, inputs } = torch(callable, input);
  const exampleInputs = join(dir, `${callable}.safetensors`);
  writeSafetensors(exampleInputs, new Map([[input[0], wave(input[1])]]));
  const { path } = await askToolchain(pool, 'pytorch', dir, 'export', {
    exporter,
    model: { ...model, root: dir, trust: true },
    options: {},
    inputs,
    outDir,
    exampleInputs,
  });
  return path;
}

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'onpar-taps-'));
  writeFileSync(join(dir, 'nets.py'), NETS);
  writeFileSync(join(dir, 'estimators.py'), ESTIMATORS);
  writeFileSync(join(dir, 'functions.py'), FUNCTIONS);
  for (const exporter of ['torchscript', 'torch-export']) exported[exporter] = await exportAs(exporter, 'cnn', IMAGE);
});
afterAll(async () => {
  await pool.close();
  rmSync(dir, { recursive: true, force: true });
});

const bytes = (t: Tensor | undefined) => (t?.dtype === 'string' ? t.strings : t?.data.slice());

describe.each(Object.keys(TARGETS))('%s', (name) => {
  it('tells a graph in an order of computation, and answers as without taps', async () => {
    const { graph, plain, outputs } = await look(name);
    expect(graph.nodes.length).toBeGreaterThan(2);
    expect(disorder(graph)).toEqual([]);
    expect([...outputs.keys()]).toEqual([...plain.keys()]);
    for (const [output, tensor] of plain) expect(bytes(outputs.get(output)), output).toEqual(bytes(tensor));
  });

  it('gives out every tensor that it says it can, with the dtype that it told', async () => {
    const { graph, taps, missing } = await look(name);
    expect(missing).toEqual([]);
    for (const [tensor, told] of Object.entries(graph.tensors)) {
      if (!(told.tappable || told.constant)) continue;
      const value = taps.get(tensor);
      expect(value, tensor).toBeDefined();
      if (told.dtype !== null && !told.constant) expect([tensor, value?.dtype]).toEqual([tensor, told.dtype]);
      if (told.shape !== null) expect(told.shape).toHaveLength(value?.shape.length ?? -1);
    }
  });

  it('ends with the outputs, in the order of the answer', async () => {
    const { graph, outputs, taps } = await look(name);
    expect(graph.outputs).toHaveLength(outputs.size);
    const answered = [...outputs.values()];
    for (const [place, output] of graph.outputs.entries()) {
      const [tapped, given] = [taps.get(output), answered[place]];
      expect([output, tapped?.dtype, tapped?.shape]).toEqual([output, given?.dtype, given?.shape]);
    }
  });
});

const numbers = (t: Tensor | undefined): number[] => {
  if (t === undefined || t.dtype === 'string') throw new Error('no numbers');
  const { buffer } = t.data.slice();
  return Array.from(t.dtype === 'float64' ? new Float64Array(buffer) : new Float32Array(buffer));
};
const apart = (a: readonly number[], b: readonly number[]): number =>
  Math.max(...a.map((x, i) => Math.abs(x - (b[i] ?? Number.NaN))));
const node = ({ graph }: LookedInto, id: string): OpNode => {
  const one = graph.nodes.find((n) => n.id === id);
  if (one === undefined) throw new Error(`no node ${id}: ${graph.nodes.map((n) => n.id).join(' ')}`);
  return one;
};
const lineOf = (text: string): number => NETS.split('\n').findIndex((line) => line.includes(text)) + 1;

describe('the graph of a PyTorch module', () => {
  it('has operators with attributes, layers, and the line that the user wrote', async () => {
    const seen = await look('torch');
    expect(seen.facts).toMatchObject({ graphOf: 'exported program' });
    expect(node(seen, 'conv2d')).toMatchObject({
      op: 'aten.conv2d.default',
      inputs: ['image', 'first.weight', 'first.bias'],
      attributes: { stride: [2, 2], padding: [1, 1], dilation: [1, 1], groups: 1 },
      module: ['first'],
      source: {
        file: 'nets.py',
        line: lineOf('self.act(self.norm(self.first(image)))'),
        text: 'x = self.act(self.norm(self.first(image)))',
      },
    });
    expect(node(seen, 'gelu').attributes).toEqual({ approximate: 'tanh' });
    const norm = seen.graph.nodes.find((n) => n.module.join() === 'norm');
    expect(norm?.attributes.eps).toBe(0.01);
    expect(seen.graph.outputs).toEqual(['logits', 'image (output)']);
  });

  it('nests layers, and keeps the innermost line of the user where PyTorch itself computes', async () => {
    const { graph } = await look('torch, transformer, float64');
    const attention = graph.nodes.find((n) => n.op.startsWith('aten.scaled_dot_product_attention'));
    expect(attention?.module).toEqual(['layers', 'layers.0', 'self_attn']);
    expect(attention?.source?.line).toBe(lineOf('return self.layers(features)'));
  });

  it.each([
    ['cnn', 'torch', IMAGE],
    ['recurrent', 'torch, LSTM, without a sample', ['signal', [2, 7, 5]]],
    ['encoder', 'torch, transformer, float64', ['features', [2, 5, 8]]],
  ] as const)('of %s names every node that the ONNX exporter names as an origin', async (callable, name, input) => {
    const { graph } = await look(name);
    const origins = new Set(graph.nodes.flatMap((n) => n.origins));
    const model = parseOnnx(await exportAs('torch-onnx', callable, input));
    const nodes = model.graph?.node ?? [];
    const told = nodes.map(({ opType, metadataProps }) => {
      const fx = metadataProps.find(({ key }) => key === 'pkg.torch.onnx.fx_node')?.value ?? '';
      return { opType, from: /^%(\w+)/.exec(fx)?.[1] ?? '' };
    });
    // Sizes are numbers in PyTorch, no tensors: they have no node.
    const named = told.filter(({ from }) => from !== '' && !from.startsWith('sym_size'));
    expect(named.filter(({ from }) => !origins.has(from))).toEqual([]);
    // The ONNX optimiser's own nodes tell nothing; they only move values.
    const untold = told.filter(({ from }) => from === '').map(({ opType }) => opType);
    expect(untold.filter((op) => !['Split', 'Identity', 'Reshape', 'Squeeze', 'Unsqueeze'].includes(op))).toEqual([]);
    expect(named.length).toBeGreaterThan(untold.length);
  });

  it('gives values of the module itself, in double precision where it runs so', async () => {
    const [narrow, wide] = [await look('torch'), await look('torch, float64, weights moved')];
    expect(wide.graph.nodes.map((n) => n.id)).toEqual(narrow.graph.nodes.map((n) => n.id));
    const shared = [...narrow.taps].filter(([, t]) => t.dtype === 'float32');
    expect(shared.length).toBeGreaterThan(15);
    for (const [name, tensor] of shared) {
      expect([name, wide.taps.get(name)?.dtype]).toEqual([name, 'float64']);
      expect(apart(numbers(tensor), numbers(wide.taps.get(name)))).toBeLessThan(1e-4);
    }
  });

  it('gives weights by their name, as a variant moved them', async () => {
    const [before, moved] = [await look('torch'), await look('torch, float64, weights moved')];
    for (const name of ['first.weight', 'shift']) expect(before.graph.tensors[name]?.constant).toBe(true);
    const [a, b] = [before, moved].map((seen) => numbers(seen.taps.get('first.weight'))) as [number[], number[]];
    expect(apart(a, b)).toBeGreaterThan(0);
    expect(apart(a, b)).toBeLessThan(1e-6);
  });

  it('is recorded from a run where torch.export refuses the code, and says so', async () => {
    const seen = await look('torch, not exportable');
    expect(seen.facts).toMatchObject({ graphOf: 'run', notExported: expect.stringContaining('GuardOnDataDependent') });
    expect(node(seen, 'inner.0/addmm')).toMatchObject({
      module: ['inner', '0'],
      source: { file: 'nets.py', line: lineOf('y = self.inner(x)') },
    });
    // What was written through a view is read anew: the product must not be thought to come from zeros.
    const product = node(seen, '/mul');
    const reread = seen.graph.nodes.find((n) => n.outputs.includes(String(product.inputs[0])));
    expect(reread).toMatchObject({ op: 'reread', inputs: ['/zeros_like', '/copy'] });
    expect(numbers(seen.taps.get(String(product.inputs[0]))).map((x) => Math.fround(x * 3))).toEqual(
      numbers(seen.outputs.get('output')),
    );
  });

  it('of TorchScript is recorded from a run', async () => {
    const { graph, facts } = await look('torchscript');
    expect(facts).toEqual({ graphOf: 'run' });
    expect(graph.nodes.map((n) => n.op)).toContain('aten.gelu.default');
  });
});

describe('the graph of a JAX function', () => {
  it('has its equations, inlined, with the line that the user wrote and the weights by their path', async () => {
    const seen = await look('jax');
    const line = FUNCTIONS.split('\n').findIndex((text) => text.includes('nn.relu')) + 1;
    expect(node(seen, '/dot_general')).toMatchObject({
      op: 'dot_general',
      inputs: ['x', 'first.kernel'],
      source: { file: 'functions.py', line },
    });
    expect(node(seen, '/exp').module).toContain('log_softmax');
    expect(seen.graph.outputs).toEqual(['scores', 'x (output)']);
    const moved = await look('jax, float64, weights moved');
    const [a, b] = [seen, moved].map((s) => numbers(s.taps.get('first.kernel'))) as [number[], number[]];
    expect(apart(a, b)).toBeGreaterThan(0);
    expect(apart(a, b)).toBeLessThan(1e-6);
  });
});

describe('runtimes with taps', () => {
  const here = new Set(['torch', 'torchscript', 'torch-export', 'jax', 'sklearn']);
  const offering = catalogue().runtimes.filter(({ taps }) => taps === true);
  it('are these', () => {
    expect(offering.map(({ name }) => name)).toEqual(expect.arrayContaining([...here]));
  });
  for (const { name } of offering) if (!here.has(name)) it.todo(`${name} keeps the contract`);
});

describe('the graph of an estimator', () => {
  it('has the steps of pipelines and column transformers', async () => {
    const seen = await look('sklearn');
    expect(seen.graph.nodes.map(({ op, module }) => [module.join('/'), op])).toEqual([
      ['columns/numbers', 'columns'],
      ['columns/numbers/fill', 'SimpleImputer'],
      ['columns/numbers/scale', 'StandardScaler'],
      ['columns/city', 'columns'],
      ['columns/city', 'OneHotEncoder'],
      ['columns', 'ColumnTransformer.concatenate'],
      ['decide', 'LogisticRegression.decision_function'],
      ['decide', 'LogisticRegression'],
      ['decide', 'LogisticRegression'],
    ]);
    expect(node(seen, 'columns.numbers.columns').inputs).toEqual(['age', 'pay']);
    expect(node(seen, 'decide.decision_function').attributes).toMatchObject({ C: 0.5 });
  });

  it('holds values that follow from each other', async () => {
    const { taps } = await look('sklearn');
    const [raw, mean, scale, scaled] = ['fill.transform', 'scale.mean_', 'scale.scale_', 'scale.transform'].map((n) =>
      numbers(taps.get(`columns.numbers.${n}`)),
    ) as [number[], number[], number[], number[]];
    const expected = raw.map((x, i) => (x - (mean[i % 2] ?? 0)) / (scale[i % 2] ?? 1));
    expect(apart(scaled, expected)).toBeLessThan(1e-12);
    const scores = numbers(taps.get('decide.decision_function'));
    const likely = numbers(taps.get('probabilities')).filter((_, i) => i % 2 === 1);
    expect(
      apart(
        likely,
        scores.map((s) => 1 / (1 + Math.exp(-s))),
      ),
    ).toBeLessThan(1e-12);
  });

  it('has the trees of a forest as one tensor, whose mean is the answer', async () => {
    const { taps } = await look('sklearn, union and forest');
    const trees = taps.get('trees.trees');
    expect(trees?.shape).toEqual([6, 4, 2]);
    const [all, answer] = [numbers(trees), numbers(taps.get('probabilities'))];
    const means = answer.map((_, i) => all.filter((_value, k) => k % answer.length === i).reduce((a, b) => a + b) / 6);
    expect(apart(means, answer)).toBeLessThan(1e-12);
  });
});
