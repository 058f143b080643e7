import { writeFileSync } from 'node:fs';
import { fromBinary, toBinary } from '@bufbuild/protobuf';
import { OnparError } from '../../core/errors.ts';
import { withFile } from '../../tensor/bytes.ts';
import { type ModelProto, ModelProtoSchema } from './onnx_pb.generated.ts';

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

/** Writes a model to a file. */
export const writeOnnx = (path: string, model: ModelProto): void => writeFileSync(path, serializeOnnx(model));

const failed = (message: string, cause?: unknown): OnparError =>
  new OnparError({ code: 'model-load-failed', message, fix: 'export or download it again', cause });
