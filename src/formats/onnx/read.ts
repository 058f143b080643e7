import { closeSync, openSync, writeSync } from 'node:fs';
import { clearField, fromBinary, isFieldSet, toBinary } from '@bufbuild/protobuf';
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { OnparError } from '../../core/errors.ts';
import { withFile } from '../../tensor/bytes.ts';
import {
  GraphProtoSchema,
  type ModelProto,
  ModelProtoSchema,
  type TensorProto,
  TensorProtoSchema,
} from './onnx_pb.generated.ts';

/**
 * Parses an ONNX file, or bytes of which `name` is the file. Weights in other files are not read.
 * OnparError `file-missing` or `model-load-failed` (truncated, not ONNX, no graph) names the file.
 */
export function parseOnnx(
  from: string | Uint8Array,
  name: string = typeof from === 'string' ? from : 'the model',
): ModelProto {
  const bytes = typeof from === 'string' ? withFile(from, (source, size) => source(0, size)) : from;
  let model: ModelProto;
  try {
    model = fromBinary(ModelProtoSchema, bytes);
  } catch (cause) {
    throw failed(`${name} is not a readable ONNX model: ${(cause as Error).message}: truncated?`, cause);
  }
  if (model.graph === undefined) throw failed(`${name} is not an ONNX model: it has no graph`);
  return model;
}

/** The bytes of a model. What `parseOnnx` read comes out again, fields of newer ONNX versions included. */
export const serializeOnnx = (model: ModelProto): Uint8Array => toBinary(ModelProtoSchema, model);

/**
 * Writes a model to a file. Weights go there from where they lie: the library would copy them once for each message around
 * them. Initializers stand behind all else in the graph, which the format leaves open.
 */
export function writeOnnx(path: string, model: ModelProto): void {
  const handle = openSync(path, 'w');
  try {
    for (const piece of piecesOf(model)) {
      for (let at = 0; at < piece.byteLength; )
        at += writeSync(handle, piece, at, Math.min(2 ** 30, piece.byteLength - at));
    }
  } finally {
    closeSync(handle);
  }
}

/** Numbers of the fields around weights (onnx.proto): ModelProto.graph, GraphProto.initializer, TensorProto.raw_data. */
const [GRAPH, INITIALIZER, RAW_DATA] = [7, 5, 9];

function piecesOf(model: ModelProto): Uint8Array[] {
  const { graph } = model;
  if (graph === undefined) return [serializeOnnx(model)];
  const { initializer } = graph;
  graph.initializer = [];
  const inner = toBinary(GraphProtoSchema, graph);
  graph.initializer = initializer;
  delete model.graph;
  const outer = serializeOnnx(model);
  model.graph = graph;
  const weights = initializer.flatMap(tensorPieces);
  const length = weights.reduce((sum, piece) => sum + piece.byteLength, inner.byteLength);
  return [outer, header(GRAPH, length), inner, ...weights];
}

function tensorPieces(tensor: TensorProto): Uint8Array[] {
  // A field of proto2 that was never set must not come out as set to nothing: such a tensor keeps its numbers elsewhere.
  const { rawData } = tensor;
  const isRaw = isFieldSet(tensor, TensorProtoSchema.field.rawData);
  clearField(tensor, TensorProtoSchema.field.rawData);
  const rest = toBinary(TensorProtoSchema, tensor);
  if (isRaw) tensor.rawData = rawData;
  const raw = isRaw ? [header(RAW_DATA, rawData.byteLength), rawData] : [];
  const length = raw.reduce((sum, piece) => sum + piece.byteLength, rest.byteLength);
  return [header(INITIALIZER, length), rest, ...raw];
}

const header = (field: number, length: number): Uint8Array =>
  new BinaryWriter().tag(field, WireType.LengthDelimited).uint32(length).finish();

const failed = (message: string, cause?: unknown): OnparError =>
  new OnparError({ code: 'model-load-failed', message, fix: 'export or download it again', cause });
