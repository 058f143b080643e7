import { chmodSync, copyFileSync, cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { packageRoot } from '../../src/core/paths.ts';
import type { NodeRuntime } from '../../src/observe/runtime.ts';
import { oipGrpc } from '../../src/observe/runtimes/oip-grpc.ts';
import { oipRest } from '../../src/observe/runtimes/oip-rest.ts';
import type { Report } from '../../src/records/report.ts';
import { stringTensor, tensorFrom } from '../../src/tensor/build.ts';
import { writeSafetensors } from '../../src/tensor/safetensors.ts';
import type { NamedTensors, Tensor } from '../../src/tensor/tensor.ts';
import { reader } from '../../src/tensor/values.ts';
import { sitePackages } from '../../src/workers/toolchains/site-packages.ts';
import { codesOf, MODELS, onpar, readReport } from '../e2e/onpar.ts';
import { sharedScratch } from '../scratch.ts';
import { freePort, type Running, SERVERS, serve, serverEnvironment } from './server.ts';

/** Real servers of others: Triton, MLServer, MLflow. What is said of them in docs/served.md is tried here. */
const dir = sharedScratch();
const running: Running[] = [];
let ports: { triton: number; tritonGrpc: number; mlserver: number; mlserverGrpc: number; mlflow: number };

async function startTriton(): Promise<void> {
  const { dir: venv } = await serverEnvironment('triton');
  const packages = sitePackages(venv) ?? venv;
  const home = join(packages, 'pytriton', 'tritonserver');
  const [repository, backends] = [join(dir, 'triton'), join(dir, 'backends')];
  cpSync(join(SERVERS, 'triton'), repository, { recursive: true });
  cpSync(join(home, 'backends'), backends, { recursive: true });
  const stub = join(backends, 'python', 'triton_python_backend_stub');
  copyFileSync(join(home, 'python_backend_stubs', '3.11', 'triton_python_backend_stub'), stub);
  chmodSync(stub, 0o755);
  running.push(
    await serve(
      [
        join(home, 'bin', 'tritonserver'),
        `--model-repository=${repository}`,
        `--backend-directory=${backends}`,
        '--http-address=127.0.0.1',
        '--grpc-address=127.0.0.1',
        `--http-port=${ports.triton}`,
        `--grpc-port=${ports.tritonGrpc}`,
        '--allow-metrics=false',
      ],
      {
        cwd: dir,
        env: {
          LD_LIBRARY_PATH: join(packages, 'nvidia_pytriton.libs'),
          MODEL_PACKAGES: packages,
          MODEL_WEIGHTS: join(packageRoot, 'fixtures', 'hosts', 'mlp.json'),
        },
        ready: `http://127.0.0.1:${ports.triton}/v2/health/ready`,
      },
    ),
  );
}

async function startMlserver(): Promise<void> {
  const { python } = await serverEnvironment('python');
  const home = join(dir, 'mlserver');
  cpSync(join(SERVERS, 'mlserver'), home, { recursive: true });
  const settings = {
    host: '127.0.0.1',
    http_port: ports.mlserver,
    grpc_port: ports.mlserverGrpc,
    parallel_workers: 0,
    metrics_endpoint: null,
  };
  writeFileSync(join(home, 'settings.json'), JSON.stringify(settings));
  running.push(
    await serve([python, '-c', 'from mlserver.cli import main; main()', 'start', '.'], {
      cwd: home,
      env: { PYTHONPATH: home, MODEL_FILE: join(MODELS, 'tiny-mlp.onnx'), ORT_DISABLE_TELEMETRY: '1' },
      // Whoever asks earlier is told that it is ready while it still loads.
      ready: `http://127.0.0.1:${ports.mlserver}/v2/models/reshaping/ready`,
    }),
  );
}

async function startMlflow(): Promise<void> {
  const { python } = await serverEnvironment('python');
  const home = join(dir, 'mlflow');
  cpSync(join(SERVERS, 'mlflow'), home, { recursive: true });
  copyFileSync(join(MODELS, 'tiny-mlp.onnx'), join(home, 'tiny-mlp.onnx'));
  running.push(
    await serve(
      [
        python,
        '-m',
        'uvicorn',
        'mlflow.pyfunc.scoring_server.app:app',
        '--host',
        '127.0.0.1',
        '--port',
        `${ports.mlflow}`,
      ],
      {
        cwd: home,
        env: { __pyfunc_model_path__: home, ORT_DISABLE_TELEMETRY: '1' },
        ready: `http://127.0.0.1:${ports.mlflow}/ping`,
      },
    ),
  );
}

let report: Report;
const outputs = { logits: 'float32', label: 'int64' };

beforeAll(async () => {
  const free = await Promise.all([0, 1, 2, 3, 4].map(freePort));
  const [triton = 0, tritonGrpc = 0, mlserver = 0, mlserverGrpc = 0, mlflow = 0] = free;
  ports = { triton, tritonGrpc, mlserver, mlserverGrpc, mlflow };
  const started = await Promise.allSettled([startTriton(), startMlserver(), startMlflow()]);
  for (const start of started) if (start.status === 'rejected') throw start.reason;
  const local = (port: number, rest: string): string => `http://127.0.0.1:${port}${rest}`;
  const sagemaker = (name: string, options: object) => ({
    name,
    artifact: local(mlflow, '/invocations'),
    run: { runtime: 'sagemaker', options: { outputs, ...options } },
  });
  mkdirSync(dir, { recursive: true });
  copyFileSync(join(MODELS, 'tiny-mlp.onnx'), join(dir, 'tiny-mlp.onnx'));
  const suite = {
    cases: {
      mlp: {
        source: 'tiny-mlp.onnx',
        convert: [
          { name: 'triton', artifact: local(triton, '/v2/models/mlp') },
          {
            name: 'triton-json',
            artifact: local(triton, '/v2/models/mlp/versions/1'),
            run: { runtime: 'oip-rest', options: { binary: 'never' } },
          },
          { name: 'triton-grpc', artifact: `oip+grpc://127.0.0.1:${tritonGrpc}/mlp` },
          {
            name: 'triton-typed',
            artifact: `oip+grpc://127.0.0.1:${tritonGrpc}/mlp/versions/1`,
            run: { runtime: 'oip-grpc', options: { tensors: 'typed' } },
          },
          { name: 'mlserver', artifact: local(mlserver, '/v2/models/mlp') },
          { name: 'mlserver-grpc', artifact: `oip+grpc://127.0.0.1:${mlserverGrpc}/mlp` },
          { name: 'reshaping', artifact: local(mlserver, '/v2/models/reshaping') },
          sagemaker('mlflow-inputs', { body: 'inputs' }),
          sagemaker('mlflow-split', { body: 'dataframe_split' }),
          sagemaker('mlflow-records', { body: 'dataframe_records' }),
          sagemaker('mlflow-csv', { content: 'csv', accept: 'json', csvHeader: true }),
          sagemaker('mlflow-csv-bare', { content: 'csv', accept: 'json' }),
        ],
      },
      served: {
        source: local(mlserver, '/v2/models/mlp'),
        convert: [{ artifact: 'tiny-mlp.onnx' }, { to: 'same', run: 'oip-rest' }],
      },
      grpc: { source: `oip+grpc://127.0.0.1:${tritonGrpc}/mlp`, convert: { to: 'same' } },
      invoked: {
        source: local(mlflow, '/invocations'),
        reference: { options: { outputs, body: 'inputs' } },
        inputs: { x: { dtype: 'float32', shape: ['batch', 8] } },
        convert: [
          { to: 'same', run: { runtime: 'sagemaker', options: { outputs, body: 'inputs' } } },
          { artifact: 'tiny-mlp.onnx' },
        ],
      },
    },
  };
  writeFileSync(join(dir, 'onpar.json'), JSON.stringify(suite));
  const result = await onpar(['run', 'onpar.json', '--out', 'out'], { cwd: dir, deadlineMs: 120_000 });
  if (result.exitCode !== 1) throw new Error(`exit ${result.exitCode}: ${result.text}`);
  report = readReport(join(dir, 'out'));
});
afterAll(() => Promise.all(running.map(({ stop }) => stop())));

const found = (name: string) => {
  const c = report.cases.find(({ id }) => id.startsWith(`${name}@`));
  if (c === undefined) throw new Error(`${name} is not in ${report.cases.map(({ id }) => id).join(', ')}`);
  return c;
};

describe('a model behind a real server answers like its file', () => {
  test.each([
    'mlp/triton',
    'mlp/triton-json',
    'mlp/triton-grpc',
    'mlp/triton-typed',
    'mlp/mlserver',
    'mlp/mlserver-grpc',
    'mlp/mlflow-inputs',
    'mlp/mlflow-split',
    'mlp/mlflow-records',
    'mlp/mlflow-csv',
    'served/tiny-mlp.onnx',
    'served/same',
    'grpc/same',
    'invoked/same',
    'invoked/tiny-mlp.onnx',
  ])('%s', (name) => {
    const c = found(name);
    expect(c.findings.filter((f) => f.severity === 'error')).toEqual([]);
    expect(c.verdict).toBe('pass');
    expect(c.samples.length).toBeGreaterThan(5);
    expect(c.outputs.map((o) => o.name)).toEqual(['logits', 'label']);
  });

  test('the report tells server, protocol and version, and that a served side was asked anew', () => {
    expect(found('mlp/triton').candidate).toMatchObject({
      format: 'served',
      runtime: 'oip-rest',
      runtimeVersion: 'triton 2.51.0',
      facts: { protocol: 'Open Inference Protocol v2, REST', modelVersions: ['1'], tensors: 'binary' },
      peakMemoryBytes: expect.any(Number),
    });
    expect(found('mlp/triton-json').candidate.facts).toMatchObject({ modelVersion: '1', tensors: 'JSON' });
    expect(found('mlp/mlserver-grpc').candidate.runtimeVersion).toBe('mlserver 1.7.1');
    expect(found('mlp/mlflow-csv').candidate.facts).toMatchObject({ content: 'text/csv', accept: 'application/json' });
  });

  test('a server whose answers are of another shape than its metadata says', () => {
    const c = found('mlp/reshaping');
    expect(codesOf(c)).toEqual(expect.arrayContaining(['contract-contradicted', 'shape-differs']));
    expect(c.findings.find((f) => f.code === 'contract-contradicted')?.message).toMatch(
      /candidate output label: the metadata says int64 \[\?\], the server answers int64 \[\d, 1\]/,
    );
  });

  test('MLflow takes the first row of a CSV for its header, and onpar sees that a row is gone', () => {
    const c = found('mlp/mlflow-csv-bare');
    expect(c.verdict).toBe('fail');
    expect(codesOf(c).some((code) => code === 'shape-differs' || code === 'candidate-failed')).toBe(true);
  });
});

/** One tensor of each type, with values that a careless reader loses. */
const KINDS: Record<string, Tensor> = {
  bool: tensorFrom('bool', [3], [1, 0, 1]),
  uint8: tensorFrom('uint8', [2], [0, 255]),
  uint16: tensorFrom('uint16', [2], [0, 65535]),
  uint32: tensorFrom('uint32', [2], [0, 2 ** 32 - 1]),
  uint64: tensorFrom('uint64', [2], [2n ** 53n + 1n, 2n ** 64n - 1n]),
  int8: tensorFrom('int8', [2], [-128, 127]),
  int16: tensorFrom('int16', [2], [-32768, 32767]),
  int32: tensorFrom('int32', [2], [-(2 ** 31), 2 ** 31 - 1]),
  int64: tensorFrom('int64', [3], [2n ** 53n + 1n, -(2n ** 63n), 2n ** 63n - 1n]),
  fp16: tensorFrom('float16', [3], [0.1, -65504, Number.NaN]),
  fp32: tensorFrom('float32', [5], [0.1, -0, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]),
  fp64: tensorFrom('float64', [3], [0.1, Number.MIN_VALUE, Number.MAX_VALUE]),
  string: stringTensor([3], ['é "quoted"', '', 'a\nb']),
};

const values = (tensor: Tensor): unknown[] => {
  const read = reader(tensor);
  return Array.from({ length: tensor.shape[0] ?? 0 }, (_, i) => read(i));
};

async function ask(runtime: NodeRuntime, address: string, inputs: NamedTensors, options: object = {}) {
  const session = await runtime.open(address, { ...options });
  try {
    return await session.run(inputs);
  } finally {
    await session.close();
  }
}

describe('every type goes there and back through Triton', () => {
  const inputs: NamedTensors = new Map(Object.entries(KINDS).map(([kind, tensor]) => [`in_${kind}`, tensor]));
  test.each([
    ['REST with binary tensors', oipRest, {}],
    ['REST with JSON, but for the 16-bit floats that it cannot hold', oipRest, { binary: 'never' }],
    ['gRPC with raw contents', oipGrpc, {}],
  ] as const)('%s', async (_, runtime, options) => {
    const address =
      runtime === oipRest
        ? `http://127.0.0.1:${ports.triton}/v2/models/kinds`
        : `oip+grpc://127.0.0.1:${ports.tritonGrpc}/kinds`;
    const answer = await ask(runtime, address, inputs, options);
    for (const [kind, tensor] of Object.entries(KINDS)) {
      const back = answer.get(`out_${kind}`) as Tensor;
      expect([kind, back.dtype, back.shape, values(back)]).toEqual([kind, tensor.dtype, tensor.shape, values(tensor)]);
    }
  });
});

describe('what MLServer’s answers cannot say', () => {
  const x = new Map([['x', tensorFrom('float32', [2], [0, 1])]]);
  const rest = () => `http://127.0.0.1:${ports.mlserver}/v2/models/specials`;
  const grpc = () => `oip+grpc://127.0.0.1:${ports.mlserverGrpc}/specials`;

  test('an infinity is null in its JSON: a failure that names the way out', async () => {
    const asked = ask(oipRest, rest(), x);
    await expect(asked).rejects.toMatchObject({ code: 'served-value-lost', fix: expect.stringContaining('gRPC') });
  });

  test('gRPC keeps it, and every digit of an integer', async () => {
    const answer = await ask(oipGrpc, grpc(), x);
    expect(values(answer.get('y') as Tensor)).toEqual([Number.NEGATIVE_INFINITY, 0]);
    expect(values(answer.get('n') as Tensor)).toEqual([2n ** 53n + 1n]);
  });

  test('NaN its codec loses on both ways, and never comes as a number', async () => {
    const nan = new Map([['x', tensorFrom('float32', [2], [-1, 1])]]);
    await expect(ask(oipRest, rest(), nan)).rejects.toMatchObject({ code: 'served-value-lost' });
    await expect(ask(oipGrpc, grpc(), nan)).rejects.toMatchObject({ code: 'served-failed' });
  });
});

describe('a model or version that is not there', () => {
  test.each([
    ['Triton', () => `http://127.0.0.1:${ports.triton}/v2/models/nope`, oipRest, /unknown model: 'nope'/, /kinds/],
    ['Triton, version', () => `http://127.0.0.1:${ports.triton}/v2/models/mlp/versions/7`, oipRest, /version 7/, /mlp/],
    ['MLServer', () => `http://127.0.0.1:${ports.mlserver}/v2/models/nope`, oipRest, /nope not found/, /mlp/],
    ['Triton, gRPC', () => `oip+grpc://127.0.0.1:${ports.tritonGrpc}/nope`, oipGrpc, /nope/, /name and version/],
    ['MLServer, gRPC', () => `oip+grpc://127.0.0.1:${ports.mlserverGrpc}/nope`, oipGrpc, /nope/, /name and version/],
  ] as const)('%s', async (_, address, runtime, message, fix) => {
    await expect(runtime.open(address(), {})).rejects.toMatchObject({
      code: 'served-model-unknown',
      message: expect.stringMatching(message),
      fix: expect.stringMatching(fix),
    });
  });
});

describe('a golden file', () => {
  test('recorded inputs and outputs against a served model', async () => {
    const x = tensorFrom(
      'float32',
      [2, 8],
      Array.from({ length: 16 }, (_, i) => i / 7 - 1),
    );
    const logits = (await ask(oipGrpc, `oip+grpc://127.0.0.1:${ports.mlserverGrpc}/mlp`, new Map([['x', x]]))).get(
      'logits',
    );
    const label = tensorFrom('int64', [2], [3, 9]);
    writeSafetensors(
      join(dir, 'golden.safetensors'),
      new Map([
        ['x', x],
        ['logits', logits as Tensor],
        ['label', label],
      ]),
    );
    const address = `http://127.0.0.1:${ports.triton}/v2/models/mlp`;
    const result = await onpar(['compare', 'golden.safetensors', address, '--out', 'golden'], { cwd: dir });
    expect(result.exitCode).toBe(1);
    const [c] = readReport(join(dir, 'golden')).cases;
    expect(c?.outputs.find((o) => o.name === 'logits')?.verdict).toBe('pass');
    expect(c?.outputs.find((o) => o.name === 'label')?.verdict).toBe('fail');
    expect([c?.reference.runtime, c?.candidate.runtime]).toEqual(['recorded', 'oip-rest']);
  });
});
