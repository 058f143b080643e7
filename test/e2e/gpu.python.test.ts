import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { toFailure } from '../../src/core/errors.ts';
import { packageRoot } from '../../src/core/paths.ts';
import { resolveEnvironment } from '../../src/workers/environment.ts';
import { nvidiaDriver } from '../../src/workers/nvidia.ts';
import { WorkerPool } from '../../src/workers/pool.ts';
import { findInterpreter } from '../../src/workers/toolchains/interpreter.ts';
import { findUv, uvEnvironment } from '../../src/workers/toolchains/uv.ts';
import { MODELS } from './onpar.ts';

/** What Python's runtimes say where there is no GPU; no path of one was verified (docs/gpu.md). */
const pool = new WorkerPool();
const root = packageRoot;
let dir: string;
const model = join(MODELS, 'tiny-mlp.onnx');

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'onpar-gpu-'));
});
afterAll(async () => {
  await pool.close();
  rmSync(dir, { recursive: true, force: true });
});

const FORMATS: Readonly<Record<string, string>> = {
  onnxruntime: 'onnx',
  torch: 'pytorch',
  torchscript: 'torchscript',
  'torch-export': 'torch-export',
  transformers: 'huggingface',
};

/** Opens the tiny ONNX model, whatever the runtime takes: a device is looked for before a model is read. */
async function open(toolchain: string, runtime: string, options: object, python = 'managed') {
  const environment = await resolveEnvironment(toolchain, { python, root }, () => {});
  const host = { kind: 'python' as const, root, limits: { memoryBytes: null, network: false }, environment };
  const ref = { format: FORMATS[runtime] as string, path: model, root: dir, trust: true };
  const asked = { runtime, model: ref, options: { ...options }, inputs: [] };
  return pool.use(host, (worker) => worker.request('open', asked, { timeoutMs: 120_000 }));
}
const refusal = (...asked: Parameters<typeof open>) => open(...asked).then(() => undefined, toFailure);

describe.skipIf(nvidiaDriver() !== null)('without a GPU', () => {
  it.each([
    ['onnx', 'onnxruntime', 'cuda', /built with .*CPUExecutionProvider alone/, /onnxruntime-gpu/],
    ['onnx', 'onnxruntime', 'tensorrt', /built with .*CPUExecutionProvider alone/, /onnxruntime-gpu/],
    ['pytorch', 'torch', 'cuda', /finds no NVIDIA GPU|built without CUDA/, /driver|CUDA build/],
    ['pytorch', 'torchscript', 'cuda', /finds no NVIDIA GPU|built without CUDA/, /driver|CUDA build/],
    ['pytorch', 'torch-export', 'cuda', /finds no NVIDIA GPU|built without CUDA/, /driver|CUDA build/],
    ['huggingface', 'transformers', 'cuda', /finds no NVIDIA GPU|built without CUDA/, /driver|CUDA build/],
  ])('%s: %s on %s is not available, and says why', async (toolchain, runtime, device, message, fix) => {
    expect(await refusal(toolchain, runtime, { device })).toMatchObject({
      code: 'runtime-unavailable',
      message: expect.stringMatching(message),
      fix: expect.stringMatching(fix),
    });
  });

  // The wheel is there for Linux x64 and Windows alone.
  it.skipIf(process.platform !== 'linux' || process.arch !== 'x64')(
    'onnxruntime-gpu falls back to the CPU and says nothing: that is a failure too',
    async () => {
      const interpreter = await findInterpreter();
      const uv = await findUv(interpreter, () => {});
      const env = { ...process.env, ...uvEnvironment() };
      const python = join(dir, 'gpu', 'bin', 'python');
      execFileSync(uv, ['venv', '--quiet', '--python', interpreter.path, join(dir, 'gpu')], { env });
      writeFileSync(join(dir, 'requirements.txt'), 'onnxruntime-gpu==1.31.1\nnumpy\nml_dtypes\n');
      execFileSync(uv, ['pip', 'install', '--quiet', '--python', python, '-r', join(dir, 'requirements.txt')], { env });
      for (const device of ['cuda', 'tensorrt']) {
        expect(await refusal('onnx', 'onnxruntime', { device }, python)).toMatchObject({
          code: 'runtime-unavailable',
          message: expect.stringContaining('fell back to CPUExecutionProvider'),
          fix: expect.stringContaining('NVIDIA driver'),
        });
      }
      // The same environment serves the CPU.
      const { facts } = await open('onnx', 'onnxruntime', {}, python);
      expect(facts).not.toHaveProperty('device');
    },
  );
});

it.each([
  ['onnx', 'onnxruntime', { tf32: false }, 'bad-request'],
  ['onnx', 'onnxruntime', { device: 'tensorrt', tf32: false }, 'bad-request'],
  ['onnx', 'onnxruntime', { device: 'cuda', precision: 'float16' }, 'bad-request'],
  ['onnx', 'onnxruntime', { device: 'gpu' }, 'bad-request'],
  ['pytorch', 'torch', { tf32: true }, 'bad-request'],
  ['pytorch', 'torch', { device: 'cuda', deviceId: -1 }, 'bad-request'],
])('%s: %s refuses %o', async (toolchain, runtime, options, code) => {
  expect((await refusal(toolchain, runtime, options))?.code).toBe(code);
});

const SWITCHES = `
import sys
sys.path[:0] = sys.argv[1:]
import torch
from onpar_pytorch import tf32
print(tf32.allowed())
for wanted in (True, False, None):
    with tf32.setting(wanted):
        print(tf32.allowed())
print(tf32.allowed())
# A model's own code, after which torch's older switches raise.
torch.backends.cuda.matmul.fp32_precision = "tf32"
print(tf32.allowed())
`;

it('TF32 is switched for one run alone, and read whichever way a model has set it', async () => {
  const { python } = await resolveEnvironment('pytorch', { python: 'managed', root }, () => {});
  const folders = ['host', 'pytorch'].map((name) => join(packageRoot, 'converters', name));
  const told = execFileSync(python, ['-c', SWITCHES, ...folders], { encoding: 'utf8' })
    .trim()
    .split('\n');
  const of = (matmul: string, cudnn: string) => `{'matmul': ${matmul}, 'cudnn': ${cudnn}}`;
  const untouched = of('False', 'True');
  expect(told).toEqual([untouched, of('True', 'True'), of('False', 'False'), untouched, untouched, of('True', 'True')]);
});
