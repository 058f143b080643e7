import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { packageRoot } from '../../src/core/paths.ts';
import { findChromium } from '../../src/observe/browser/find.ts';
import { stringTensor, tensorFrom } from '../../src/tensor/build.ts';
import type { Dtype } from '../../src/tensor/dtype.ts';
import { readSafetensors, writeSafetensors } from '../../src/tensor/safetensors.ts';
import type { NamedTensors, Tensor } from '../../src/tensor/tensor.ts';
import { nodeWorkerSpec } from '../../src/workers/early.ts';
import { defaultMemoryLimit, type Limits } from '../../src/workers/isolation.ts';
import { type NodeEnvironment, resolveNodeEnvironment } from '../../src/workers/node-environment.ts';
import { makeScratch, removeScratch } from '../../src/workers/scratch.ts';
import { Worker } from '../../src/workers/worker.ts';
import { MODELS } from '../e2e/onpar.ts';
import { writeCounting, writeEcho, writeTfjs } from './browser-models.ts';

/** As the engine confines it: no network, a limit on what can be written to. */
const LIMITS: Limits = { memoryBytes: defaultMemoryLimit(), counted: 'data', network: false };
const TIME = { timeoutMs: 50_000 };
/** So many turns of an empty loop take longer than any test waits. */
const ENDLESS = 2 ** 52;

const ECHOED = ['float32', 'float64', 'float16', 'int64', 'int32', 'uint8', 'int8', 'bool', 'string'] as const;

let environment: NodeEnvironment;

/** A folder that a browser may still write to while the test ends. */
function scratch(): string {
  const dir = makeScratch();
  onTestFinished(() => removeScratch(dir));
  return dir;
}

function start(cwd: string, env: Readonly<Record<string, string>> = {}): Worker {
  const spec = nodeWorkerSpec(LIMITS, cwd, environment);
  const worker = new Worker({ ...spec, env: { ...spec.env, ...env } });
  onTestFinished(() => worker.kill());
  return worker;
}

const open = (worker: Worker, runtime: string, format: string, path: string, options: Record<string, unknown> = {}) =>
  worker.request('open', { runtime, model: { format, path, root: MODELS, trust: false }, options, inputs: [] }, TIME);

function sample(dir: string, id: string, tensors: NamedTensors): { id: string; inputs: string } {
  const inputs = join(dir, `${id}.safetensors`);
  writeSafetensors(inputs, tensors);
  return { id, inputs };
}

const counting = (dir: string, times: number) =>
  sample(dir, `times-${times}`, new Map([['times', tensorFrom('int64', [], [times])]]));

/** Command lines of the processes that were started below a folder: a browser names its profile in each of them. */
function processesBelow(dir: string): { pid: number; command: string }[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        return [{ pid: Number(pid), command: readFileSync(`/proc/${pid}/cmdline`, 'utf8') }];
      } catch {
        return [];
      }
    })
    .filter(({ command }) => command.includes(dir));
}

/** Waits until `found` says so; what it waited for in vain stands in the failure. */
async function eventually(what: string, found: () => boolean): Promise<void> {
  for (let left = 200; left > 0; left--) {
    if (found()) return;
    await sleep(100);
  }
  throw new Error(`never saw ${what}`);
}

const renderers = (dir: string) => processesBelow(dir).filter(({ command }) => command.includes('--type=renderer'));

// REQUIRE_BROWSER=1 makes a missing browser a failure: CI sets it, so that these tests cannot vanish unseen.
describe.skipIf(findChromium() === null && process.env.REQUIRE_BROWSER !== '1')('runtimes in a browser', () => {
  const dir = makeScratch();
  let worker: Worker;

  beforeAll(async () => {
    environment = await resolveNodeEnvironment('browser', () => {});
    const cwd = join(dir, 'shared');
    mkdirSync(cwd);
    worker = new Worker(nodeWorkerSpec(LIMITS, cwd, environment));
  }, 600_000);
  afterAll(async () => {
    await worker?.kill();
    await removeScratch(dir);
  });

  test('every dtype, NaN payloads, infinities, subnormals and wide integers survive the way through a page', async () => {
    const path = writeEcho(join(dir, 'echo.onnx'), ECHOED);
    const bits = (dtype: Dtype, array: Uint32Array | BigUint64Array | Uint16Array): Tensor => ({
      dtype,
      shape: [array.length],
      data: new Uint8Array(array.buffer as ArrayBuffer),
    });
    const tensors = new Map<string, Tensor>([
      ['in_float32', bits('float32', Uint32Array.of(0x7fc12345, 0xff800000, 0x7f800000, 1, 0x80000000))],
      ['in_float64', bits('float64', BigUint64Array.of(0x7ff8000000000abcn, 0xfff0000000000000n, 1n))],
      ['in_float16', bits('float16', Uint16Array.of(0x7e01, 0xfc00, 0x0001, 0x3c00))],
      ['in_int64', tensorFrom('int64', [2], [2n ** 63n - 1n, -(2n ** 63n)])],
      ['in_int32', tensorFrom('int32', [2], [2 ** 31 - 1, -(2 ** 31)])],
      ['in_uint8', tensorFrom('uint8', [3], [0, 128, 255])],
      ['in_int8', tensorFrom('int8', [0], [])],
      ['in_bool', tensorFrom('bool', [2], [1, 0])],
      ['in_string', stringTensor([3], ['', 'é 漢 🙂', 'a\nb'])],
    ]);
    const { session, contract, facts, version } = await open(worker, 'onnxruntime-web-browser', 'onnx', path);
    expect(contract.inputs.map(({ dtype }) => dtype)).toEqual([...ECHOED]);
    expect(version).toMatch(/^1\.\d+/);
    expect(facts).toMatchObject({
      browser: expect.stringMatching(/^Chromium \d+\./),
      userAgent: expect.stringContaining('Chrome/'),
      crossOriginIsolated: true,
      provider: 'wasm',
      threads: 1,
    });
    const ran = await worker.request(
      'run',
      { session, samples: [sample(dir, 'all', tensors)], outDir: join(dir, 'out') },
      TIME,
    );
    expect(ran.samples[0]?.failure).toBeUndefined();
    const outputs = readSafetensors(ran.samples[0]?.file as string);
    expect([...outputs]).toEqual(
      [...tensors].map(([name, tensor]) => [name.replace('in_', 'out_'), expect.objectContaining({ ...tensor })]),
    );
    expect(ran.peakMemoryBytes).toBeGreaterThan(2e7);
  });

  test('large outputs come back whole, more of them than a page may download in a second', async () => {
    const path = writeEcho(join(dir, 'large.onnx'), ['float32']);
    const { session } = await open(worker, 'onnxruntime-web-browser', 'onnx', path, { numThreads: 2 });
    const values = Float64Array.from({ length: 100_000 }, (_, i) => Math.sin(i));
    const large = sample(dir, 'large', new Map([['in_float32', tensorFrom('float32', [100_000], values)]]));
    const samples = Array.from({ length: 12 }, (_, i) => ({ ...large, id: `large-${i}` }));
    const { samples: runs } = await worker.request('run', { session, samples, outDir: join(dir, 'out') }, TIME);
    const expected = readSafetensors(large.inputs).get('in_float32')?.data;
    for (const { file, failure } of runs) {
      expect(failure).toBeUndefined();
      const data = readSafetensors(file as string).get('out_float32')?.data;
      // Not `toEqual`, which takes seconds for so many elements.
      expect(Buffer.compare(data as Uint8Array, expected as Uint8Array)).toBe(0);
    }
  });

  test('TensorFlow.js computes with WebGL and WebGPU, and half precision is told', async () => {
    const folder = join(dir, 'tfjs');
    mkdirSync(folder);
    const path = writeTfjs(folder);
    // In float16, whose mantissa has ten bits, 1 + 2⁻¹² is 1.
    const x = sample(dir, 'x', new Map([['x', tensorFrom('float32', [1, 4], [1 + 2 ** -12, 0, 0, 0])]]));
    const run = async (options: Record<string, unknown>) => {
      const { session, facts } = await open(worker, 'tfjs-browser', 'tfjs', path, options);
      const { samples } = await worker.request('run', { session, samples: [x], outDir: join(dir, 'out') }, TIME);
      await worker.request('close', { session }, TIME);
      const y = readSafetensors(samples[0]?.file as string).get('y')?.data as Uint8Array;
      return { facts, y: [...new Float32Array(y.slice().buffer)] };
    };
    const full = 1 + 2 ** -12;
    const wasm = await run({ backend: 'wasm' });
    expect(wasm.y).toEqual([full, full, full]);
    const webgl = await run({ backend: 'webgl', adapter: 'software' });
    expect(webgl.y).toEqual([full, full, full]);
    expect(webgl.facts).toMatchObject({ adapter: expect.stringMatching(/swiftshader/i), adapterKind: 'software' });
    expect(webgl.facts).not.toHaveProperty('computesIn');
    const half = await run({ backend: 'webgl', adapter: 'software', float16Textures: true });
    expect(half.y).toEqual([1, 1, 1]);
    expect(half.facts).toMatchObject({ computesIn: 'float16', declaredPrecision: 'float16' });
    const webgpu = await run({ backend: 'webgpu', adapter: 'software' });
    expect(webgpu.y).toEqual([full, full, full]);
  });

  test('LiteRT.js runs a signature of float32, uint8 and int32, and refuses dynamic sizes with a code', async () => {
    const fixed = join(MODELS, 'tflite', 'fixed.tflite');
    const { session, contract } = await open(worker, 'litertjs-browser', 'tflite', fixed);
    const tensors = new Map(
      contract.inputs.map(({ name, dtype, shape }) => {
        const sizes = shape as number[];
        const count = sizes.reduce((n, d) => n * d, 1);
        return [
          name,
          tensorFrom(
            dtype as 'int32',
            sizes,
            Array.from({ length: count }, (_, i) => i),
          ),
        ] as const;
      }),
    );
    const { samples } = await worker.request(
      'run',
      { session, samples: [sample(dir, 'fixed', tensors)], outDir: join(dir, 'out') },
      TIME,
    );
    expect(samples[0]?.outputs).toEqual(contract.outputs.map(({ name, dtype, shape }) => ({ name, dtype, shape })));
    const outputs = readSafetensors(samples[0]?.file as string);
    expect(outputs.get('copy')?.data).toEqual(tensors.get('image')?.data);
    await expect(
      open(worker, 'litertjs-browser', 'tflite', join(MODELS, 'tflite', 'dense-float.tflite')),
    ).rejects.toMatchObject({ code: 'dynamic-unsupported', message: expect.stringContaining('litertjs-browser') });
  });

  test('a file that is missing or no model is refused by name', async () => {
    for (const [runtime, format] of [
      ['onnxruntime-web-browser', 'onnx'],
      ['tfjs-browser', 'tfjs'],
      ['litertjs-browser', 'tflite'],
    ] as const) {
      await expect(open(worker, runtime, format, join(dir, 'none.bin'))).rejects.toMatchObject({
        code: 'model-file-missing',
        message: expect.stringContaining('none.bin'),
      });
    }
  });

  test.runIf(process.platform === 'linux')(
    'a page that dies fails its sample, and the next gets a new page',
    async () => {
      const path = writeCounting(join(dir, 'counting.onnx'));
      const cwd = scratch();
      const own = start(cwd);
      const { session } = await open(own, 'onnxruntime-web-browser', 'onnx', path);
      const running = own.request(
        'run',
        { session, samples: [counting(dir, ENDLESS), counting(dir, 3)], outDir: join(dir, 'crash') },
        TIME,
      );
      await sleep(500);
      // As the system does when memory runs out.
      for (const { pid } of renderers(cwd)) process.kill(pid, 'SIGKILL');
      const { samples } = await running;
      expect(samples.map(({ failure }) => failure?.code)).toEqual(['page-crashed', undefined]);
      const count = readSafetensors(samples[1]?.file as string).get('count')?.data as Uint8Array;
      expect([...new Float32Array(count.slice().buffer)]).toEqual([3]);
    },
  );

  test.runIf(process.platform === 'linux')(
    'a page that hangs is ended with its worker: nothing of the browser stays',
    async () => {
      const path = writeCounting(join(dir, 'hanging.onnx'));
      const cwd = scratch();
      const own = start(cwd);
      const { session } = await open(own, 'onnxruntime-web-browser', 'onnx', path);
      expect(processesBelow(cwd).length).toBeGreaterThan(2);
      await expect(
        own.request(
          'run',
          { session, samples: [counting(dir, ENDLESS)], outDir: join(dir, 'hang') },
          { timeoutMs: 1000 },
        ),
      ).rejects.toMatchObject({ code: 'worker-timeout' });
      await eventually('the browser end with its worker', () => processesBelow(cwd).length === 0);
    },
  );

  test.runIf(process.platform === 'linux')('an engine that is killed takes worker and browser along', async () => {
    const path = writeCounting(join(dir, 'orphaned.onnx'));
    const cwd = scratch();
    const { command, env } = nodeWorkerSpec(LIMITS, cwd, environment);
    const requests = [
      ['open', { runtime: 'onnxruntime-web-browser', model: { format: 'onnx', path }, options: {} }],
      ['run', { session: 's1', samples: [counting(dir, ENDLESS)], outDir: join(dir, 'orphan') }],
    ].map(([verb, params], id) => `${JSON.stringify({ id, verb, params })}\n`);
    const engine = spawn(
      process.execPath,
      [
        '-e',
        `const { spawn } = require('node:child_process');
         const [file, ...args] = ${JSON.stringify(command)};
         const worker = spawn(file, args, { cwd: ${JSON.stringify(cwd)}, stdio: ['pipe', 'ignore', 'ignore', 'pipe'] });
         worker.stdin.write(${JSON.stringify(requests.join(''))});
         worker.stdio[3].on('data', () => process.stdout.write(String(worker.pid) + '\\n'));`,
      ],
      { env, stdio: ['ignore', 'pipe', 'inherit'] },
    );
    onTestFinished(() => void engine.kill('SIGKILL'));
    const pid = await new Promise<number>((resolve) =>
      engine.stdout.once('data', (text: Buffer) => resolve(Number(String(text).trim()))),
    );
    await sleep(500);
    engine.kill('SIGKILL');
    await eventually('worker and browser end', () => {
      const alive = readdirSync('/proc').includes(String(pid));
      return !alive && processesBelow(cwd).length === 0;
    });
  });

  test('without a browser: unavailable, with what to install', async () => {
    const own = start(scratch(), { CHROMIUM_PATH: '/nowhere/chromium' });
    await expect(open(own, 'onnxruntime-web-browser', 'onnx', join(MODELS, 'tiny-mlp.onnx'))).rejects.toMatchObject({
      code: 'runtime-unavailable',
      message: expect.stringContaining('/nowhere/chromium'),
      fix: expect.stringContaining('apt-get install chromium'),
    });
  });

  test('a browser that does not start: unavailable, with its own words', async () => {
    const own = start(scratch(), { CHROMIUM_PATH: process.execPath });
    await expect(
      open(own, 'onnxruntime-web-browser', 'onnx', join(packageRoot, 'fixtures', 'models', 'tiny-mlp.onnx')),
    ).rejects.toMatchObject({ code: 'runtime-unavailable', message: expect.stringContaining('does not start') });
  });

  test.runIf(process.platform === 'linux')('hardware is not claimed where software draws', async () => {
    const refused = open(worker, 'tfjs-browser', 'tfjs', join(dir, 'tfjs', 'model.json'), {
      backend: 'webgpu',
      adapter: 'hardware',
    });
    const outcome = await refused.then(
      ({ facts }) => facts.adapterKind,
      (error: { code: string }) => error.code,
    );
    expect(['hardware', 'runtime-unavailable']).toContain(outcome);
  });
});
