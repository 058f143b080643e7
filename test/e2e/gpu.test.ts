import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { computedLower, declaredByRuntime } from '../../src/engine/conversion/computed-precision.ts';
import { nvidiaDriver } from '../../src/workers/nvidia.ts';
import { MODELS, onpar, readReport } from './onpar.ts';

/** What is said without a GPU; no path of one was verified (docs/gpu.md). */
const withoutGpu = it.skipIf(nvidiaDriver() !== null);
let dir: string;

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'onpar-gpu-'));
  cpSync(join(MODELS, 'tiny-mlp.onnx'), join(dir, 'tiny.onnx'));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

it('TF32 rounds like float16: undeclared it fails, asked for it is declared', () => {
  const tf32 = { computesIn: 'tf32' };
  const [found] = computedLower({}, tf32, 'float32');
  expect(found).toMatchObject({ code: 'precision-lower', args: { facts: ['its runtime computes in tf32'] } });
  expect(computedLower({}, tf32, 'float16')).toEqual([]);
  expect(computedLower(tf32, tf32, 'float32')).toEqual([]);
  expect(declaredByRuntime({ declaredPrecision: 'tf32' })).toBe('float16');
});

it('reads what NVIDIA’s driver says of itself', () => {
  const folder = join(dir, 'nvidia');
  expect(nvidiaDriver(folder)).toBeNull();
  mkdirSync(join(folder, 'gpus', '0000:3b:00.0'), { recursive: true });
  writeFileSync(
    join(folder, 'version'),
    'NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.104.05  Sat Aug 19 01:15:15 UTC 2023\nGCC version:  gcc 12\n',
  );
  const information = join(folder, 'gpus', '0000:3b:00.0', 'information');
  writeFileSync(information, 'Model: \t\t NVIDIA A100-PCIE-40GB\nIRQ:   \t\t 120\n');
  expect(nvidiaDriver(folder)).toEqual({ version: '535.104.05', gpus: ['NVIDIA A100-PCIE-40GB'] });
});

withoutGpu(
  'onnxruntime-node fails with a code and a way out where it cannot use a GPU, and is skipped only where optional',
  async () => {
    const on = (device: string, optional = false) => ({
      source: 'tiny.onnx',
      samples: 'portfolio',
      convert: { to: 'same', run: [{ runtime: 'onnxruntime-node', options: { device }, optional }] },
    });
    const cases = { cuda: on('cuda'), tensorrt: on('tensorrt'), optional: on('cuda', true), cpu: on('cpu') };
    writeFileSync(join(dir, 'onpar.json'), JSON.stringify({ cases }));
    const { exitCode } = await onpar(['run', 'onpar.json', '--out', 'out', '--no-cache'], { cwd: dir });
    expect(exitCode).toBe(1);
    const found = readReport(join(dir, 'out')).cases;
    expect(found.map((c) => [c.case, c.verdict, c.candidate.failure?.code])).toEqual([
      ['cuda', 'error', 'runtime-unavailable'],
      ['tensorrt', 'error', 'runtime-unavailable'],
      ['optional', 'skipped', 'runtime-unavailable'],
      ['cpu', 'pass', undefined],
    ]);
    expect(found[0]?.candidate.failure?.fix).toMatch(/Linux x64|cuda12/);
  },
);
