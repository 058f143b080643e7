import type { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node';
import { OnparError } from '../../core/errors.ts';
import type { Dim, IoContract, TensorSpec } from '../../records/contract.ts';
import { type Dtype, isDtype } from '../../tensor/dtype.ts';
import type { NamedTensors, Tensor } from '../../tensor/tensor.ts';
import { viewBytes } from '../../tensor/views.ts';
import { asHalf } from '../feeding.ts';
import { refusalOf, said } from './refusals.ts';

/** One of onnxruntime's JavaScript packages: they share their interface, and what they cannot do. */
export interface Ort {
  /** As messages call it: the package's name. */
  readonly name: string;
  readonly version: string;
  readonly Tensor: typeof OrtTensor;
}

/** Why a session could not be made, as OnparError `model-load-failed`, or a code that says what is lacking. */
export function loadError({ name, version }: Ort, path: string, error: unknown): OnparError {
  const text = textOf(error);
  const truncated = /[Pp]rotobuf parsing failed|ModelProto does not have a graph|INVALID_PROTOBUF/.test(text);
  const refused = truncated ? undefined : refusalOf(text);
  return new OnparError({
    code: 'model-load-failed',
    message: truncated
      ? `${path} is not a complete ONNX model: ${said(textOf(error))}`
      : `${name} ${version} cannot open ${path}: ${said(textOf(error))}`,
    fix: truncated
      ? 'the file is truncated or of another format: export or copy it again'
      : 'see the operator, opset or dtype named above; another runtime (`--runtime onnxruntime`) may support it',
    ...refused,
    exitCode: 1,
    cause: error,
  });
}

/** What was thrown, as text. */
export const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** The WebAssembly build reads −1, a dimension of which nothing is known, as an unsigned number. */
const UNKNOWN = 2 ** 32 - 1;

/** What a session takes and gives. Throws OnparError `type-unsupported` for sequences, maps and optionals. */
export function contractOf(ort: Ort, session: InferenceSession, path: string): IoContract {
  const spec = (metadata: InferenceSession.ValueMetadata): TensorSpec => {
    if (!metadata.isTensor) {
      throw new OnparError({
        code: 'type-unsupported',
        message: `${path}: \`${metadata.name}\` is a sequence, map or optional, which ${ort.name} does not pass`,
        fix: 'export with tensors only (scikit-learn: option zipmap: false), or use the runtime `onnxruntime`',
        exitCode: 1,
      });
    }
    return {
      name: metadata.name,
      dtype: isDtype(metadata.type) ? (metadata.type as Dtype) : null,
      shape: metadata.shape.map((d): Dim => (d === '' || d === -1 || d === UNKNOWN ? null : d)),
    };
  };
  return { inputs: session.inputMetadata.map(spec), outputs: session.outputMetadata.map(spec), names: 'declared' };
}

/** Runs one sample. Throws OnparError `input-mismatch` or `run-failed`. */
export async function runSession(
  ort: Ort,
  session: InferenceSession,
  contract: IoContract,
  inputs: NamedTensors,
): Promise<NamedTensors> {
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
    feeds[name] = toOrt(ort, name, asHalf(tensor, dtype));
  }
  let results: InferenceSession.OnnxValueMapType;
  try {
    results = await session.run(feeds);
  } catch (error) {
    throw new OnparError({ code: 'run-failed', message: said(textOf(error)), exitCode: 1, cause: error });
  }
  return new Map(contract.outputs.map(({ name }) => [name, fromOrt(name, results[name] as OrtTensor)]));
}

function toOrt(ort: Ort, name: string, { dtype, shape, data, strings }: Tensor): OrtTensor {
  if (dtype === 'string') return new ort.Tensor('string', [...(strings ?? [])], [...shape]);
  if (dtype === 'bfloat16') {
    throw new OnparError({
      code: 'input-mismatch',
      message: `input ${name} is bfloat16, which ${ort.name} does not take`,
      fix: 'use the runtime `onnxruntime`, or another dtype',
      exitCode: 1,
    });
  }
  // ORT's declared type wants one array type per dtype; the view is of exactly that type.
  const view = viewBytes(dtype, data) as Float32Array;
  const tensor = new ort.Tensor(dtype as 'float32', view, [...shape]);
  // On Node 24 the library makes a Float16Array of it, which its own native part takes for an empty one (seen in 1.30.0).
  if (dtype === 'float16' && ort.name === 'onnxruntime-node') Object.defineProperty(tensor, 'data', { value: view });
  return tensor;
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
