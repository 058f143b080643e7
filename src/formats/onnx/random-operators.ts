import type { ModelProto, NodeProto } from './onnx_pb.generated.ts';
import { parseOnnx } from './read.ts';
import { attribute, scalarOf, viewGraph } from './roles/graph.ts';

/** A node whose answer is drawn. */
export interface RandomOperator {
  /** The node's name, or the first tensor that it makes. */
  readonly node: string;
  readonly opType: string;
  /** A seed fixes the numbers of a session's first run; later runs draw on. */
  readonly seeded: boolean;
}

/** Operators of the ONNX standard that draw (https://onnx.ai/onnx/operators/), Dropout only while it trains. */
const DRAWING = new Set([
  'RandomNormal',
  'RandomNormalLike',
  'RandomUniform',
  'RandomUniformLike',
  'Multinomial',
  'Bernoulli',
]);

/** Nodes that draw random numbers, subgraphs and functions included. `from` is a file, its bytes or a parsed model. */
export function randomOperators(from: string | Uint8Array | ModelProto): RandomOperator[] {
  const model = typeof from === 'string' || from instanceof Uint8Array ? parseOnnx(from) : from;
  const { constantOf } = viewGraph(model);
  const draws = (node: NodeProto): boolean => {
    if (DRAWING.has(node.opType)) return true;
    if (node.opType !== 'Dropout') return false;
    // Since opset 12 an input says whether a Dropout trains; before, it never did. One that the caller sets is measured.
    const [, ratio = '', training = ''] = node.input;
    return (scalarOf(constantOf(training)) ?? 0) !== 0 && scalarOf(constantOf(ratio)) !== 0;
  };
  const found: RandomOperator[] = [];
  const visit = (nodes: readonly NodeProto[]): void => {
    for (const node of nodes) {
      if ((node.domain === '' || node.domain === 'ai.onnx') && draws(node))
        found.push({
          node: node.name || (node.output[0] ?? ''),
          opType: node.opType,
          seeded: attribute(node, 'seed') !== undefined,
        });
      for (const { g, graphs } of node.attribute)
        for (const inner of g === undefined ? graphs : [g, ...graphs]) visit(inner.node);
    }
  };
  visit(model.graph?.node ?? []);
  for (const { node } of model.functions) visit(node);
  return found;
}
