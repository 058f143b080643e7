import type { Source } from '../tensor/bytes.ts';
import { buffered, fieldAt } from './onnx/wire.ts';

/** Fields of GraphDef by number with their wire types (tensorflow/core/framework/graph.proto): 0 varint, 2 length-delimited. */
const GRAPH_FIELDS: Readonly<Record<number, number>> = {
  1: 2, // node
  2: 2, // library
  3: 0, // version
  4: 2, // versions
  5: 2, // debug_info
};
const NODE = 1;
/** Of NodeDef (tensorflow/core/framework/node_def.proto). */
const NODE_NAME = 1;
const NODE_OP = 2;
/** How many nodes are looked into: one could be chance, and a graph has thousands. */
const NODES_READ = 8;
/** Longer than any name of an operator; more is not read. */
const NAME_BYTES = 256;
/** Operators are registered in CamelCase, kernels' own with an underscore before it, add-ons as `Package>Op` (op_def_builder.cc). */
const OPERATOR = /^_?[A-Z][\w>.]*$/;

/**
 * Whether a file is a TensorFlow GraphDef, which is what a frozen graph is. Protobuf has no signature, so the outermost
 * fields must all be GraphDef's, and its first nodes must have a name and an operator. A file that is cut off inside a
 * node still counts: TensorFlow then says so.
 */
export function looksLikeGraphDef(source: Source, size: number): boolean {
  const near = buffered(source, size);
  let nodes = 0;
  for (let at = 0; at < size; ) {
    const field = fieldAt(near, at, size);
    if (field === undefined) return nodes > 0;
    if (GRAPH_FIELDS[field.number] !== field.type) return false;
    if (field.number === NODE && nodes < NODES_READ) {
      if (!isNode(near, field.start, Math.min(field.end, size))) return false;
      nodes++;
    }
    at = field.end;
  }
  return nodes > 0;
}

function isNode(source: Source, start: number, end: number): boolean {
  let named = false;
  for (let at = start; at < end; ) {
    const field = fieldAt(source, at, end);
    if (field === undefined || field.type !== 2) return false;
    if (field.number === NODE_NAME) named = field.end > field.start;
    if (field.number === NODE_OP) {
      const length = Math.min(field.end, end) - field.start;
      return named && length <= NAME_BYTES && OPERATOR.test(Buffer.from(source(field.start, length)).toString('utf8'));
    }
    at = field.end;
  }
  return false;
}
