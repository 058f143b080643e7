import type { OpGraph, OpNode, OpTensor } from '../../../records/graph.ts';
import { type ModelProto, type NodeProto, TensorProto_DataType as Type } from '../onnx_pb.generated.ts';
import { parseOnnx } from '../read.ts';
import { flowOf, operatorOf } from '../scopes.ts';
import { dtypeOfOnnx } from '../summary.ts';
import { tensorsOf } from '../tap.ts';
import { typesOf } from '../types.ts';
import { attributesOf } from './attributes.ts';
import { capturesOf } from './captures.ts';
import { isConstantNode } from './constants-of.ts';
import { nodeIds } from './ids.ts';
import { inOrder } from './order.ts';
import { originOf } from './origins.ts';

/**
 * What the main graph of an ONNX model computes. `from` is a file or a parsed model.
 *
 * Constant nodes are constants, not nodes. A node with subgraphs (If, Loop, Scan) or one that calls a function of the model
 * is one node, and what lies inside cannot be tapped; the tensors that subgraphs capture stand behind the node's own
 * operands in `inputs`. Inputs of the graph that an initializer gives a default count as constants.
 */
export function graphOf(from: string | ModelProto): OpGraph {
  const model = typeof from === 'string' ? parseOnnx(from) : from;
  const flow = flowOf(model);
  const types = typesOf(flow);
  const [scope] = flow.scopes;
  const { graph } = model;
  if (scope === undefined || graph === undefined)
    return { format: 'onnx', inputs: [], outputs: [], nodes: [], tensors: {} };
  const held = new Set([
    ...graph.initializer.map(({ name }) => name),
    ...graph.sparseInitializer.map(({ values }) => values?.name ?? ''),
    ...graph.node.filter(isConstantNode).flatMap(({ output }) => output),
  ]);
  const ids = nodeIds(graph.node);
  const opNodes = inOrder(graph.node)
    .filter((node) => !isConstantNode(node))
    .map((node) => opNodeOf(node, ids.get(node) as string));
  const inputs = graph.input.map(({ name }) => name).filter((name) => !held.has(name));
  const outputs = graph.output.map(({ name }) => name);
  const tappable = new Set([
    ...outputs.filter((name) => !held.has(name) && !inputs.includes(name)),
    ...tensorsOf(model).flatMap(({ isTensor, name }) => (isTensor ? [name] : [])),
  ]);
  const tensors = new Map<string, OpTensor>();
  const names = [...inputs, ...opNodes.flatMap((node) => [...node.inputs, ...node.outputs]), ...outputs];
  for (const name of names) {
    if (name === '' || tensors.has(name)) continue;
    const value = { scope, name };
    tensors.set(name, {
      dtype: dtypeOfOnnx(types.elementType(value) ?? Type.UNDEFINED),
      shape: types.shape(value) as OpTensor['shape'],
      ...(held.has(name) ? { constant: true } : {}),
      tappable: tappable.has(name),
    });
  }
  return { format: 'onnx', inputs, outputs, nodes: opNodes, tensors: Object.fromEntries(tensors) };
}

function opNodeOf(node: NodeProto, id: string): OpNode {
  return {
    id,
    op: operatorOf(node),
    inputs: [...node.input, ...capturesOf(node)],
    outputs: [...node.output],
    attributes: attributesOf(node),
    ...originOf(node),
  };
}
