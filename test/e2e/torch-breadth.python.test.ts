import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packageRoot } from '../../src/core/paths.ts';
import { readOnnx } from '../../src/formats/onnx/summary.ts';
import type { Report } from '../../src/records/report.ts';
import { tensorFrom } from '../../src/tensor/build.ts';
import { writeSafetensors } from '../../src/tensor/safetensors.ts';
import { resolveEnvironment } from '../../src/workers/environment.ts';
import { cli, runSuite, scratchWithModels } from '../contracts/suite.ts';
import { zipOf } from '../tensor/zip-of.ts';

/** A layer whose weights the tests write themselves, and one that learns its input size from them. */
const LAYERS = `
import torch

class Net(torch.nn.Module):
    def __init__(self, first):
        super().__init__()
        self.first = first
        self.second = torch.nn.Linear(3, 2)

    def forward(self, x):
        return self.second(self.first(x))

def build():
    torch.manual_seed(1)
    return Net(torch.nn.Linear(4, 3)).eval()

def lazy():
    return Net(torch.nn.LazyLinear(3)).eval()
`;

const model = (name: string) => `models/torch_breadth.py:${name}`;
const image = { dtype: 'float32', shape: ['batch', 1, 8, 8] };
const sequence = { dtype: 'float32', shape: ['batch', 'seq', 16] };
const tokens = {
  tokens: { dtype: 'int64', shape: ['batch', 'seq'], range: [0, 49] },
  padding: { dtype: 'bool', shape: ['batch', 'seq'] },
};
const steps = { dtype: 'float32', shape: ['batch', 'seq', 8], range: [-1, 1] };
const values = { dtype: 'float32', shape: ['batch', 4] };
const legacy = { name: 'legacy', to: 'onnx', options: { dynamo: false } };

let dir: string;
let clean: () => void;
let exported: Report;

const find = (report: Report, id: string): Report['cases'][number] => {
  const found = report.cases.find((c) => c.id.startsWith(id));
  if (found === undefined) throw new Error(`no ${id} among ${report.cases.map((c) => c.id).join(', ')}`);
  return found;
};
const codes = (c: Report['cases'][number]) => c.findings.filter((f) => f.severity === 'error').map((f) => f.code);
/** The line of the fixture that holds a text, counted from 1. */
const lineOf = (text: string) =>
  readFileSync(join(dir, 'models/torch_breadth.py'), 'utf8')
    .split('\n')
    .findIndex((line) => line.includes(text)) + 1;

beforeAll(() => {
  [dir, clean] = scratchWithModels();
  exported = runSuite(dir, {
    python: 'managed',
    cases: {
      cnn: { source: model('cnn'), inputs: { image }, convert: [{ to: 'torch-export' }] },
      training: { source: model('cnn_training'), inputs: { image }, convert: [{ to: 'torch-export' }] },
      encoder: { source: model('encoder'), inputs: tokens, convert: [{ to: 'torch-export' }] },
      unguarded: { source: model('unguarded'), inputs: tokens, convert: [{ to: 'torch-export' }] },
      recurrent: {
        source: model('recurrent'),
        inputs: { steps },
        convert: [{ to: 'torch-export' }, { to: 'onnx' }, legacy],
      },
      still: {
        source: model('recurrent'),
        inputs: { steps: { ...steps, shape: ['batch', 5, 8] } },
        convert: [{ to: 'torch-export' }],
      },
      attention: { source: model('attention'), inputs: { sequence }, convert: [{ to: 'torch-export' }, legacy] },
      fixed: {
        source: model('attention'),
        inputs: { sequence: { ...sequence, shape: [2, 5, 16] } },
        convert: [{ to: 'torch-export' }, legacy],
      },
      branching: {
        source: model('branching'),
        inputs: { values },
        convert: [{ to: 'torch-export' }, { to: 'onnx' }, legacy],
      },
      counting: { source: model('counting'), inputs: { values }, convert: [legacy, { to: 'torchscript' }] },
    },
  });
  renameSync(join(dir, 'out'), join(dir, 'made'));
});
afterAll(() => clean());

describe('to torch.export', () => {
  it.each(['cnn', 'encoder', 'still', 'attention', 'fixed'])('%s is what it was', (name) => {
    const c = find(exported, `${name}/torch-export`);
    expect([c.verdict, codes(c), c.findings.map((f) => f.code)]).toEqual(['pass', [], []]);
    expect(c.samples.length).toBeGreaterThan(5);
  });

  it('finds attention over nothing, which PyTorch answers with NaN eagerly and with numbers exported', () => {
    const c = find(exported, 'unguarded/');
    expect(c.verdict).toBe('fail');
    expect(codes(c)).toContain('nan-differs');
  });

  it('says that an LSTM fixes its time steps, and what to do', () => {
    const c = find(exported, 'recurrent/torch-export');
    expect([c.verdict, codes(c)]).toEqual(['error', ['export-failed']]);
    expect(c.candidate.failure?.message).toContain("L['steps'].size()[1]");
    expect(c.candidate.failure?.fix).toMatch(/give it as a number$/);
    expect(find(exported, 'recurrent/onnx').candidate.failure?.fix).toMatch(
      /as a number, or try `options: \{dynamo: false\}`/,
    );
    expect(find(exported, 'recurrent/legacy').verdict).toBe('pass');
  });
});

describe('what a trace bakes in', () => {
  it.each(['torch-export', 'onnx'])('%s refuses a branch on a value and names its line', (to) => {
    const { failure } = find(exported, `branching/${to}`).candidate;
    expect(failure?.code).toBe('export-failed');
    expect(failure?.message).toContain('GuardOnDataDependentSymNode');
    expect(failure?.message).toContain(`models/torch_breadth.py:${lineOf('if values.mean() > 0')}`);
    expect(failure?.fix).toContain('torch.where or torch.cond');
  });

  it.each([
    ['branching/legacy', 'if values.mean() > 0', 'Python boolean'],
    ['counting/legacy', 'float(values.abs()', 'Python float'],
    ['counting/torchscript', 'float(values.abs()', 'Python float'],
  ])('%s fails, and the tracer’s warning names the line', (id, line, kind) => {
    const c = find(exported, id);
    expect(c.verdict).toBe('fail');
    expect(codes(c)).toContain('values-differ');
    const warned = c.findings.filter((f) => f.code === 'exporter-warning').map((f) => String(f.args.message));
    expect(warned).toContainEqual(
      expect.stringMatching(
        new RegExp(`^models/torch_breadth.py:${lineOf(line)}: Converting a tensor to a ${kind} might`),
      ),
    );
  });

  it('a size frozen inside fails the sizes that the suite sweeps, and only those', () => {
    const c = find(exported, 'attention/legacy');
    expect(c.verdict).toBe('fail');
    const failed = c.findings.find((f) => f.code === 'candidate-failed');
    expect(failed?.args.code).toBe('run-failed');
    expect(String(failed?.args.message)).toMatch(/Reshape/);
    // The contract says dynamic: nothing but running it tells.
    expect(codes(c)).not.toContain('dim-frozen');
    expect(codes(find(exported, 'fixed/legacy'))).toEqual([]);
    expect(find(exported, 'fixed/legacy').verdict).toBe('pass');
  });
});

describe('an exported program as source and as artifact', () => {
  const pt2 = (name: string) => `made/artifacts/${name}/torch-export/model.pt2`;
  let report: Report;
  beforeAll(() => {
    writeFileSync(join(dir, 'cut.pt2'), readFileSync(join(dir, pt2('cnn'))).subarray(0, 3000));
    writeFileSync(
      join(dir, 'machine.pt2'),
      zipOf({ 'm/archive_format': Buffer.from('pt2'), 'm/data/aotinductor/model/m.so': Buffer.from('code') }),
    );
    writeFileSync(join(dir, 'hollow.pt2'), zipOf({ 'm/archive_format': Buffer.from('pt2') }));
    const trust = true;
    report = runSuite(dir, {
      python: 'managed',
      cases: {
        cnn: {
          source: pt2('cnn'),
          trust,
          inputs: { image: { shape: ['rows', 1, 8, 8] } },
          convert: [{ to: 'onnx' }, { to: 'same' }, legacy],
        },
        encoder: { source: pt2('encoder'), trust, inputs: { tokens: { range: [0, 49] } }, convert: { to: 'onnx' } },
        training: { source: pt2('training'), trust, convert: { to: 'same' } },
        artifacts: {
          source: model('cnn'),
          trust,
          inputs: { image },
          convert: [{ name: 'trained', artifact: pt2('training') }],
        },
        frozen: {
          source: model('attention'),
          trust,
          inputs: { sequence },
          convert: [{ name: 'fixed', artifact: pt2('fixed') }],
        },
        machine: { source: 'machine.pt2', trust, inputs: { image }, convert: { to: 'same' } },
        hollow: { source: 'hollow.pt2', trust, inputs: { image }, convert: { to: 'same' } },
      },
    });
  });

  it.each(['cnn/onnx', 'cnn/same', 'encoder/onnx'])('%s passes', (id) => {
    expect([find(report, id).verdict, codes(find(report, id))]).toEqual(['pass', []]);
  });

  it('dimensions have the suite’s names in the ONNX file, outputs those of the program', () => {
    const { inputs, outputs } = readOnnx(join(dir, 'out/artifacts/cnn/onnx/model.onnx'));
    expect(inputs.map((s) => [s.name, s.shape])).toEqual([['image', ['rows', 1, 8, 8]]]);
    expect(outputs.map((s) => [s.name, s.shape])).toEqual([
      ['scores', ['rows', 10]],
      ['map', ['rows', 4, 16, 16]],
    ]);
  });

  it('a program that was exported in training mode is no judge, and as an artifact it fails', () => {
    const judge = find(report, 'training/');
    expect([judge.verdict, codes(judge)]).toEqual(['unverifiable', ['reference-training']]);
    const artifact = find(report, 'artifacts/trained');
    expect(artifact.verdict).toBe('fail');
    expect(codes(artifact)).toContain('candidate-not-deterministic');
  });

  it('a program of fixed sizes is frozen where the suite asks for dynamic ones', () => {
    const c = find(report, 'frozen/fixed');
    expect(c.verdict).toBe('fail');
    expect(codes(c)).toContain('dim-frozen');
  });

  it.each([
    ['cnn/legacy', 'export-failed', /legacy exporter traces modules/],
    ['machine/', 'model-load-failed', /machine\.pt2 is an AOTInductor package/],
    ['hollow/', 'model-load-failed', /hollow\.pt2/],
  ])('%s: %s', (id, code, message) => {
    const c = find(report, id);
    expect(c.verdict).not.toBe('pass');
    expect(codes(c)).toContain(code);
    expect(c.findings.find((f) => f.code === code)?.message).toMatch(message);
  });

  it('nothing is loaded without trust, and a file that is cut off is told as such', () => {
    const refused = (spec: string, ...more: string[]) =>
      spawnSync(process.execPath, [cli, 'run', spec, '--to', 'onnx', '--out', 'no', ...more], {
        cwd: dir,
        encoding: 'utf8',
      });
    const untrusted = refused(pt2('cnn'));
    expect(untrusted.status).toBe(2);
    expect(untrusted.stderr).toContain('is an exported PyTorch program, and loading one runs whatever code it holds');
    expect(refused('cut.pt2', '--trust').stderr).toContain('cut.pt2 is not a readable zip');
  });
});

describe('the same model under other conditions', () => {
  let report: Report;
  let other: string;
  beforeAll(async () => {
    const managed = await resolveEnvironment('pytorch', { python: 'managed', root: packageRoot }, () => {});
    other = await secondEnvironment(managed.python);
    const options = (name: string, given: object) => ({ runtime: 'torch', name, options: given });
    report = runSuite(dir, {
      python: 'managed',
      cases: {
        cnn: {
          source: model('cnn'),
          inputs: { image },
          convert: [
            { to: 'same', run: [options('one', { threads: 1 }), options('two', { threads: 2 })] },
            { to: 'same', name: 'compiled', run: [options('inductor', { compile: true })] },
            { to: 'same', name: 'elsewhere', python: other, run: ['torch'] },
          ],
        },
        recurrent: {
          source: model('recurrent'),
          inputs: { steps },
          convert: [{ to: 'same', name: 'compiled', run: [options('inductor', { compile: true })] }],
        },
      },
    });
  });

  it('threads, compiled code and another environment agree with it', () => {
    for (const id of ['cnn/same@one', 'cnn/same@two', 'cnn/compiled@inductor', 'cnn/elsewhere@torch']) {
      const c = find(report, id);
      expect([id, c.verdict, codes(c)]).toEqual([id, 'pass', []]);
    }
    expect(find(report, 'cnn/same@one').candidate.options).toEqual({ threads: 1 });
  });

  it('the candidate ran in the environment that it names', () => {
    const c = find(report, 'cnn/elsewhere');
    expect(Object.keys(report.environment.toolchains)).toContain(other);
    expect(c.candidate.packages).not.toHaveProperty('onnxscript');
    expect(c.reference.packages).toHaveProperty('onnxscript');
  });

  it('a model of which nothing was compiled does not pass as compiled', () => {
    const c = find(report, 'recurrent/compiled');
    expect(c.verdict).toBe('fail');
    expect(JSON.stringify(c.findings)).toContain('torch.compile compiled nothing of the model');
  });

  it('without a C++ compiler `compile: true` is refused, with the way to one', () => {
    const empty = join(dir, 'no-compiler');
    mkdirSync(empty);
    writeFileSync(
      join(dir, 'compile.json'),
      JSON.stringify({
        python: 'managed',
        cases: {
          cnn: {
            source: model('cnn'),
            inputs: { image },
            convert: { to: 'same', run: [{ runtime: 'torch', options: { compile: true } }] },
          },
        },
      }),
    );
    const env = { ...process.env, PATH: empty };
    spawnSync(process.execPath, [cli, 'run', 'compile.json', '--out', 'uncompiled', '--no-cache'], { cwd: dir, env });
    const { cases } = JSON.parse(readFileSync(join(dir, 'uncompiled/report.json'), 'utf8')) as Report;
    expect(cases[0]?.verdict).not.toBe('pass');
    expect(cases[0]?.candidate.failure?.code).toBe('runtime-unavailable');
    expect(cases[0]?.candidate.failure?.fix).toContain('install g++');
  });

  /** A virtual environment of links to the managed one’s packages, but for one. */
  async function secondEnvironment(python: string): Promise<string> {
    const folder = join(dir, 'elsewhere');
    execFileSync(python, ['-m', 'venv', '--without-pip', folder]);
    const packages = (root: string) => {
      const lib = join(root, 'lib');
      return join(lib, readdirSync(lib).find((name) => name.startsWith('python')) ?? '', 'site-packages');
    };
    const from = packages(join(python, '../..'));
    for (const name of readdirSync(from)) {
      if (!name.startsWith('onnxscript')) symlinkSync(join(from, name), join(packages(folder), name));
    }
    return folder;
  }
});

describe('weights', () => {
  const w = { 'first.weight': [3, 4], 'first.bias': [3], 'second.weight': [2, 3], 'second.bias': [2] };
  type Key = keyof typeof w;
  const keys = Object.keys(w) as Key[];
  const ramp = (n: number) => Array.from({ length: n }, (_, i) => (i - 2) / 4);
  const write = (name: string, shapes: Readonly<Record<string, readonly number[]>>) =>
    writeSafetensors(
      join(dir, 'shards', name),
      new Map(
        Object.entries(shapes).map(([key, shape]) => [
          key,
          tensorFrom('float32', shape, ramp(shape.reduce((a, b) => a * b, 1))),
        ]),
      ),
    );
  const of = (names: readonly Key[]) => Object.fromEntries(names.map((name) => [name, w[name]]));
  const index = (name: string, map: object) =>
    writeFileSync(join(dir, 'shards', name), JSON.stringify({ weight_map: map }));
  let report: Report;

  beforeAll(() => {
    mkdirSync(join(dir, 'shards'));
    writeFileSync(join(dir, 'layers.py'), LAYERS);
    write('whole.safetensors', w);
    write('a.safetensors', of(keys.slice(0, 2)));
    write('b.safetensors', of(keys.slice(2)));
    const map = (second: string) => Object.fromEntries(keys.map((k, i) => [k, i < 2 ? 'a.safetensors' : second]));
    index('good.index.json', map('b.safetensors'));
    index('gone.index.json', map('c.safetensors'));
    index('stale.index.json', { ...map('b.safetensors'), 'second.scale': 'b.safetensors' });
    index('outside.index.json', map('../whole.safetensors'));
    writeFileSync(join(dir, 'shards/config.json'), '{"hidden": 4}');
    write('prefixed.safetensors', Object.fromEntries(keys.map((k) => [`module.${k}`, w[k]])));
    write('half.safetensors', { ...of(keys.slice(0, 3)), extra: [1] });
    write('wide.safetensors', { ...w, 'second.weight': [2, 5], 'second.bias': [5] });
    const build = { source: 'layers.py:build', inputs: { x: values }, convert: { to: 'same' } };
    const cases = {
      good: { ...build, weights: 'shards/good.index.json' },
      lazy: { ...build, source: 'layers.py:lazy', weights: 'shards/whole.safetensors' },
      ...Object.fromEntries(
        ['gone.index.json', 'stale.index.json', 'outside.index.json', 'config.json'].map((name) => [
          name.split('.')[0],
          { ...build, weights: `shards/${name}` },
        ]),
      ),
      ...Object.fromEntries(
        ['prefixed', 'half', 'wide'].map((name) => [name, { ...build, weights: `shards/${name}.safetensors` }]),
      ),
    };
    report = runSuite(dir, { python: 'managed', cases });
  });

  it.each(['good', 'lazy'])('%s load', (name) => {
    expect([find(report, `${name}/`).verdict, codes(find(report, `${name}/`))]).toEqual(['pass', []]);
  });

  it('an edited shard is another model', () => {
    const again = () => {
      const [c] = runSuite(dir, {
        python: 'managed',
        cases: {
          good: {
            source: 'layers.py:build',
            inputs: { x: values },
            weights: 'shards/good.index.json',
            convert: { to: 'same' },
          },
        },
      }).cases;
      return c?.reference.digest;
    };
    const before = again();
    expect(before).toMatch(/^[0-9a-f]{64}$/);
    writeSafetensors(
      join(dir, 'shards/b.safetensors'),
      new Map(
        keys.slice(2).map((k) => [k, tensorFrom('float32', w[k], new Array(w[k].reduce((a, b) => a * b, 1)).fill(1))]),
      ),
    );
    expect(again()).not.toBe(before);
  });

  it.each([
    [
      'gone',
      'model-file-missing',
      /shard c\.safetensors is missing; it holds second\.weight, second\.bias/,
      /copy c\./,
    ],
    ['stale', 'model-load-failed', /shard b\.safetensors lacks second\.scale/, /one save/],
    ['outside', 'model-load-failed', /\.\.\/whole\.safetensors, which lies outside/, /beside their index/],
    ['config', 'model-load-failed', /config\.json are JSON without a readable `weight_map`/, /index\.json/],
    ['prefixed', 'weights-mismatch', /4 missing: first\.weight.*4 unexpected: module\.first\.weight/, /`module\.`/],
    ['half', 'weights-mismatch', /1 missing: second\.bias; 1 unexpected: extra/, /exactly this model/],
    [
      'wide',
      'weights-mismatch',
      /2 shapes: second\.weight is \[2, 5\] in the file, \[2, 3\] in the model, second\.bias is \[5\]/,
      /exactly this model/,
    ],
  ])('%s: %s', (name, code, message, fix) => {
    const c = find(report, `${name}/`);
    expect([c.verdict, codes(c)]).toEqual(['error', [code]]);
    expect(c.findings[0]?.message).toMatch(message);
    expect(c.reference.failure?.fix).toMatch(fix);
  });
});
