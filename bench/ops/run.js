// Each test through a runtime, by the worker protocol, and its answers through onpar's own comparison.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import {
  catalogue,
  compareConversion,
  openTensorFile,
  resolveEnvironment,
  resolveNodeEnvironment,
  toolchains,
  WorkerPool,
} from '../../build/dev.js';
import { root } from '../lib/environments.js';

const TIMEOUT = { timeoutMs: 120_000 };
/** One thread: the same sums on a busy and on an idle machine. */
const OPTIONS = {
  'onnxruntime-node': { intraOpNumThreads: 1 },
  'onnxruntime-web': {},
  onnxruntime: { graphOptimizationLevel: 'all', intraOpNumThreads: 1, interOpNumThreads: 1 },
  'onnx-reference': {},
};
export const RUNTIMES = Object.keys(OPTIONS);

async function hostOf(runtime) {
  const at = { root, limits: { memoryBytes: null, network: false }, lane: runtime };
  const { toolchain } = catalogue().runtimes.find(({ name }) => name === runtime);
  if (toolchain === 'node') return { kind: 'node', ...at };
  if (toolchains().find(({ name }) => name === toolchain).language === 'node')
    return { kind: 'node', environment: await resolveNodeEnvironment(toolchain, () => {}), ...at };
  return {
    kind: 'python',
    environment: await resolveEnvironment(toolchain, { python: 'managed', root }, () => {}),
    ...at,
  };
}

/** Runtime → `{version, rows: [{name, status, code?, message?}]}`, rows in the order of the cases. */
export async function runOps({ folder, cases }, runtimes, say) {
  const pool = new WorkerPool();
  try {
    const asked = runtimes.map(async (runtime) => {
      const at = { pool, host: await hostOf(runtime), out: pool.scratch(`ops-${runtime}`), folder, runtime };
      const rows = [];
      for (const each of cases) rows.push({ name: each.name, ...(await one(at, each)) });
      say(`${runtime}: ${rows.length} tests`);
      return [runtime, { version: at.version ?? '', rows }];
    });
    return Object.fromEntries(await Promise.all(asked));
  } finally {
    await pool.close();
  }
}

async function one(at, test) {
  const { pool, host, out, folder, runtime } = at;
  if (test.unsupported !== undefined) return { status: 'refused', code: 'type-unsupported', message: test.unsupported };
  const place = join(folder, test.name);
  try {
    const runs = await pool.use(host, async (worker) => {
      const model = { format: 'onnx', path: join(place, 'model.onnx'), root: place, trust: false };
      const { session, version } = await worker.request(
        'open',
        { runtime, model, options: OPTIONS[runtime], inputs: [] },
        TIMEOUT,
      );
      at.version ??= version;
      const samples = test.sets.map((n) => ({ id: `set-${n}`, inputs: join(place, `inputs-${n}.safetensors`) }));
      const outDir = join(out, test.name);
      mkdirSync(outDir, { recursive: true });
      const answer = await worker.request('run', { session, samples, outDir }, TIMEOUT);
      await worker.request('close', { session }, TIMEOUT);
      return answer.samples;
    });
    const failed = runs.find((run) => run.failure !== undefined);
    if (failed !== undefined) return { status: 'failed', code: failed.failure.code, message: failed.failure.message };
    return await judge(test, place, runs);
  } catch (error) {
    const code = error.code ?? 'internal-error';
    return { status: /unsupported$/.test(code) ? 'refused' : 'failed', code, message: error.message };
  }
}

/** Stored against answered, with the test's own tolerance; integers, booleans and text exactly. */
async function judge(test, place, runs) {
  const ids = runs.map(({ sample }) => sample);
  const stored = test.sets.map((n) => recorded(join(place, `outputs-${n}.safetensors`), `set-${n}`));
  const compared = (tolerance, source) =>
    compareConversion({
      reference: side('stored', stored),
      candidate: side('answered', runs),
      samples: ids.map((id) => ({ id, generator: 'file', seed: 0, inputs: [], digest: '', file: '' })),
      declared: [],
      sameFormat: true,
      rules: { tolerances: { '*': tolerance }, source, mapInputs: {}, mapOutputs: {}, ties: {}, dynamic: [] },
    });
  const own = { kind: 'bounds', atol: test.atol, rtol: test.rtol };
  const result = await compared(own, 'suite');
  const errors = result.findings.filter(({ severity }) => severity === 'error');
  const empty = new Set(['empty-output', 'no-sample-compared', 'fewer-samples', 'no-finite-reference']);
  // Nothing to hold against each other but names, types and shapes, or nothing but NaN and infinities: both were compared.
  if (errors.every(({ code }) => empty.has(code)))
    return { status: errors.some(({ code }) => code !== 'no-finite-reference') ? 'empty' : 'agrees' };
  const codes = [...new Set(errors.map(({ code }) => code))];
  const details = result.outputs.filter(({ verdict }) => verdict !== 'pass').map(outputText);
  const rounding = (await compared({ kind: 'auto' }, 'default')).verdict === 'pass';
  return {
    status: rounding ? 'rounding' : 'differs',
    code: codes.join(', '),

    message: details.join('; '),
  };
}

const outputText = ({ name, metrics, grade }) => {
  const numbers = typeof metrics?.maxAbs === 'number' && typeof metrics.scale === 'number';
  const how = numbers ? `, largest error ${number(metrics.maxAbs)} at a scale of ${number(metrics.scale)}` : '';
  return `${name}: ${grade ?? 'not compared'}${how}`;
};

const number = (value) => Number(value.toPrecision(3)).toString();

function recorded(file, sample) {
  const tensors = openTensorFile(file, { verify: false });
  const outputs = [...tensors].map(([name, { dtype, shape }]) => ({ name, dtype, shape: [...shape] }));
  return { sample, file, outputs, milliseconds: 0 };
}

function side(runtime, samples) {
  const known = new Map(samples.flatMap(({ outputs }) => outputs.map((output) => [output.name, output])));
  const outputs = [...known.values()].map(({ name, dtype, shape }) => ({ name, dtype, shape: shape.map(() => null) }));
  return {
    contract: { inputs: [], outputs, names: 'declared' },
    dir: '/',
    observation: {
      runtime,
      version: '',
      options: {},
      packages: {},
      contract: null,
      facts: {},
      samples,
      findings: [],
      openMilliseconds: 0,
      peakMemoryBytes: null,
      log: '',
    },
  };
}
