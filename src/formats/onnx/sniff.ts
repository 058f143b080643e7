import type { Source } from '../../tensor/bytes.ts';
import { fieldAt } from './wire.ts';

/** Fields of ModelProto by number with their wire types (onnx.proto): 0 varint, 2 length-delimited. */
const MODEL_FIELDS: Readonly<Record<number, number>> = {
  1: 0, // ir_version
  2: 2, // producer_name
  3: 2, // producer_version
  4: 2, // domain
  5: 0, // model_version
  6: 2, // doc_string
  7: 2, // graph
  8: 2, // opset_import
  14: 2, // metadata_props
  20: 2, // training_info
  25: 2, // functions
  26: 2, // configuration
};
const GRAPH = 7;

/**
 * Whether a file is an ONNX model. Protobuf has no signature, so the outermost fields must all be ModelProto's, with its
 * wire types and a graph among them. A file that is cut off inside the graph or later still counts: the reader then says so.
 * Jumps from field to field, so a model of gigabytes costs a few reads.
 */
export function looksLikeOnnx(source: Source, size: number): boolean {
  let graph = false;
  for (let at = 0; at < size; ) {
    const field = fieldAt(source, at, size);
    if (field === undefined) return graph;
    if (MODEL_FIELDS[field.number] !== field.type) return false;
    graph ||= field.number === GRAPH;
    at = field.end;
  }
  return graph;
}
