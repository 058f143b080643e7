import { createRequire } from 'node:module';
import type { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node';
import { OnparError } from '../../core/errors.ts';
import type { Dim, IoContract, TensorSpec } from '../../records/contract.ts';
import { type Dtype, isDtype } from '../../tensor/dtype.ts';
import type { NamedTensors, Tensor } from '../../tensor/tensor.ts';
import { viewBytes } from '../../tensor/views.ts';
import { asHalf } from '../feeding.ts';
import { refusalOf, said } from '../onnxruntime-refusals.ts';
import type { NodeRuntime, NodeSession } from '../runtime.ts';
import { ONNXRUNTIME_NODE } from './onnxruntime-node.info.ts';

process.env.ORT_DISABLE_TELEMETRY = '1';
const require = createRequire(import.meta.url);
const ort = require('onnxruntime-node') as typeof import('onnxruntime-node');
const { version } = require('onnxruntime-node/package.json') as { version: string };

/** ORT logs to the terminal; errors (3) are enough, and they come as exceptions anyway. */
const LOG_ERRORS = 3;

/**
 * ORT's threads wait for their next piece of work in a busy loop. Where cores are shared, as in CI, that takes the time from
 * those who work: half of a short run on two cores. Who computes what stays the same, and so does every bit of the answer.
 */
const NO_BUSY_WAITING = { session: { intra_op: { allow_spinning: '0' }, inter_op: { allow_spinning: '0' } } };

/** Runs ONNX models in process with onnxruntime's native library. Dtypes: all but bfloat16 and the 4- and 8-bit floats. */
export const onnxruntimeNode: NodeRuntime = {
  name: ONNXRUNTIME_NODE.name,
  version,
  async open(path, options): Promise<NodeSession> {
    let session: InferenceSession;
    try {
      session = await ort.InferenceSession.create(path, {
        logSeverityLevel: LOG_ERRORS,
        extra: NO_BUSY_WAITING,
        ...options,
      } as InferenceSession.SessionOptions);
    } catch (error) {
      throw loadError(path, error);
    }
    const contract = contractOf(session, path);
    return {
      contract,
      facts: {
        graphOptimizationLevel: options.graphOptimizationLevel ?? 'all',
        threads: options.intraOpNumThreads ?? 'all cores',
        provider: 'cpu',
      },
      run: (inputs) => run(session, contract, inputs),
      close: () => session.release(),
    };
  },
};

function loadError(path: string, error: unknown): OnparError {
  const text = error instanceof Error ? error.message : String(error);
  const truncated = /[Pp]rotobuf parsing failed|ModelProto does not have a graph|INVALID_PROTOBUF/.test(text);
  const refused = truncated ? undefined : refusalOf(text);
  if (refused !== undefined)
    return new OnparError({
      ...refused,
      message: `onnxruntime-node ${version} cannot open ${path}: ${said(text)}`,
      exitCode: 1,
      cause: error,
    });
  return new OnparError({
    code: 'model-load-failed',
    message: truncated
      ? `${path} is not a complete ONNX model: ${said(text)}`
      : `onnxruntime-node ${version} cannot open ${path}: ${said(text)}`,
    fix: truncated
      ? 'the file is truncated or of another format: export or copy it again'
      : 'see the operator, opset or dtype named above; another runtime (`--runtime onnxruntime`) may support it',
    exitCode: 1,
    cause: error,
  });
}

function contractOf(session: InferenceSession, path: string): IoContract {
  const spec = (metadata: InferenceSession.ValueMetadata): TensorSpec => {
    if (!metadata.isTensor) {
      throw new OnparError({
        code: 'type-unsupported',
        message: `${path}: \`${metadata.name}\` is a sequence, map or optional, which onnxruntime-node does not pass`,
        fix: 'export with tensors only (scikit-learn: option zipmap: false), or use the runtime `onnxruntime`',
        exitCode: 1,
      });
    }
    return {
      name: metadata.name,
      dtype: isDtype(metadata.type) ? (metadata.type as Dtype) : null,
      shape: metadata.shape.map((d): Dim => (d === '' || d === -1 ? null : d)),
    };
  };
  return { inputs: session.inputMetadata.map(spec), outputs: session.outputMetadata.map(spec), names: 'declared' };
}

async function run(session: InferenceSession, contract: IoContract, inputs: NamedTensors): Promise<NamedTensors> {
  const feeds: Record<string, OrtTensor> = {};
  for (const { name, dtype } of contract.inputs) {
    const tensor = inputs.get(name);
    if (tensor === undefined) {
      throw new OnparError({
        code: 'input-mismatch',
        message: `the sample has ${[...inputs.keys()].join(', ') || 'no inputs'}; the model takes ${contract.inputs.map((i) => i.name).join(', ')}`,
        fix: 'name the suite’s inputs as the model does, or map them with `inputs:`',
        exitCode: 1,
      });
    }
    feeds[name] = toOrt(name, asHalf(tensor, dtype));
  }
  let results: InferenceSession.OnnxValueMapType;
  try {
    results = await session.run(feeds);
  } catch (error) {
    throw new OnparError({
      code: 'run-failed',
      message: said(error instanceof Error ? error.message : String(error)),
      exitCode: 1,
      cause: error,
    });
  }
  return new Map(contract.outputs.map(({ name }) => [name, fromOrt(name, results[name] as OrtTensor)]));
}

function toOrt(name: string, { dtype, shape, data, strings }: Tensor): OrtTensor {
  if (dtype === 'string') return new ort.Tensor('string', [...(strings ?? [])], [...shape]);
  if (dtype === 'bfloat16') {
    throw new OnparError({
      code: 'input-mismatch',
      message: `input ${name} is bfloat16, which onnxruntime-node does not take`,
      fix: 'use the runtime `onnxruntime`, or another dtype',
      exitCode: 1,
    });
  }
  // ORT's declared type wants one array type per dtype; the view is of exactly that type.
  return new ort.Tensor(dtype as 'float32', viewBytes(dtype, data) as Float32Array, [...shape]);
}

function fromOrt(name: string, value: OrtTensor): Tensor {
  const dtype = value.type as string;
  if (!isDtype(dtype)) {
    throw new OnparError({
      code: 'run-failed',
      message: `output ${name} has dtype ${dtype}, which onpar does not compare`,
      fix: 'cast it in the model',
      exitCode: 1,
    });
  }
  if (dtype === 'string')
    return { dtype, shape: [...value.dims], data: new Uint8Array(0), strings: value.data as string[] };
  const { buffer, byteOffset, byteLength } = value.data as Float32Array;
  return { dtype, shape: [...value.dims], data: new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength) };
}
