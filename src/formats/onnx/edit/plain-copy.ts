import { create } from '@bufbuild/protobuf';
import { type ModelProto, TensorShapeProtoSchema } from '../onnx_pb.generated.ts';
import { parseOnnx } from '../read.ts';
import { save } from './finish.ts';

/**
 * Writes a copy of an ONNX model to `to` that tells nothing of where it was made: doc strings and metadata are dropped at
 * every level, in which exporters leave stack traces, paths and comments. Names and numbers stay as they are. Inputs that
 * declare no shape, which runtimes take for scalars, get as many open axes as `ranks` tells.
 */
export function plainCopy(from: string, to: string, ranks: ReadonlyMap<string, number>): void {
  const model: ModelProto = parseOnnx(from);
  forget(model);
  for (const { name, type } of model.graph?.input ?? []) {
    const rank = ranks.get(name);
    if (type?.value.case !== 'tensorType' || type.value.value.shape !== undefined || rank === undefined) continue;
    type.value.value.shape = create(TensorShapeProtoSchema, { dim: Array.from({ length: rank }, () => ({})) });
  }
  save(model, from, to);
}

function forget(part: object): void {
  if (ArrayBuffer.isView(part)) return;
  if ('docString' in part) part.docString = '';
  if ('metadataProps' in part) part.metadataProps = [];
  for (const each of Object.values(part)) if (typeof each === 'object' && each !== null) forget(each);
}
