import type { OpGraph, OpNode, OpTensor } from '../../../records/graph.ts';
import type { ModelProto, NodeProto } from '../onnx_pb.generated.ts';
import { parseOnnx } from '../read.ts';
import { flowOf, operatorOf, type Scope } from '../scopes.ts';
import { dtypeOfOnnx } from '../summary.ts';
import { typesOf } from '../types.ts';
import { attributesOf } from './attributes.ts';
import { originOf } from './origins.ts';

/**
 * What an ONNX model computes: the nodes of its main graph, which ONNX keeps in an order of computation. Constants are
 * tensors, not nodes; a call of a model-local function, and a node with subgraphs (If, Loop, Scan), is one node, whose
 * inputs count what its subgraphs take from outside. `from` is a file or a parsed model. Errors as `parseOnnx`.
 */
export function graphOf(from: string | ModelProto): OpGraph {
  const model = typeof from === 'string' ? parseOnnx(from) : from;
  const flow = flowOf(model);
  const types = typesOf(flow);
  const scope = flow.scopes[0] as Scope;
  const { graph } = model;
  const held = new Set([
    ...(graph?.initializer ?? []).map(({ name }) => name),
    ...(graph?.sparseInitializer ?? []).map(({ values }) => values?.name ?? ''),
    ...scope.nodes.flatMap((node) => (node.opType === 'Constant' ? node.output : [])),
  ]);
  const nodes = scope.nodes.filter(({ opType }) => opType !== 'Constant');
  const ids = idsOf(nodes);
  const computed = new Set(nodes.flatMap(({ output }) => output));
  const notTensors = new Set(
    [...(graph?.valueInfo ?? []), ...(graph?.output ?? [])].flatMap(({ name, type }) =>
      type !== undefined && type.value.case !== undefined && type.value.case !== 'tensorType' ? [name] : [],
    ),
  );
  const tensors: Record<string, OpTensor> = {};
  const note = (name: string, node?: NodeProto): void => {
    if (name === '' || Object.hasOwn(tensors, name)) return;
    const sequence = notTensors.has(name) || (node !== undefined && MAKES_NO_TENSOR.test(node.opType));
    tensors[name] = {
      dtype: dtypeOfOnnx(types.elementType({ scope, name }) ?? 0),
      shape: types.shape({ scope, name })?.slice() ?? null,
      ...(held.has(name) ? { constant: true } : {}),
      tappable: computed.has(name) && !sequence,
    };
  };
  const inputs = scope.inputs.filter((name) => !held.has(name));
  for (const name of inputs) note(name);
  const made = nodes.map((node): OpNode => {
    const taken = [...node.input, ...fromOutside(node)];
    for (const name of taken) note(name);
    for (const name of node.output) note(name, node);
    return {
      id: ids.get(node) as string,
      op: operatorOf(node),
      inputs: taken,
      outputs: node.output.slice(),
      attributes: attributesOf(node),
      ...originOf(node),
    };
  });
  for (const name of scope.outputs) note(name);
  return { format: 'onnx', inputs, outputs: scope.outputs.slice(), nodes: made, tensors };

  /** What the subgraphs of a node take from the main graph. */
  function fromOutside(node: NodeProto): string[] {
    const names = new Set<string>();
    const visit = (bodies: readonly Scope[]): void => {
      for (const body of bodies)
        for (const inner of body.nodes) {
          for (const name of inner.input) {
            const value = name === '' ? undefined : flow.resolve(body, name);
            if (value?.scope === scope && !node.input.includes(name)) names.add(name);
          }
          visit(flow.bodies(inner));
        }
    };
    visit(flow.bodies(node));
    return [...names];
  }
}

const MAKES_NO_TENSOR = /^(Sequence(?!At|Length)|SplitToSequence|Optional(?!Get|Has))/;

/** A node's name where no other has it, else its first result, which in a graph is unique. */
export function idsOf(nodes: readonly NodeProto[]): Map<NodeProto, string> {
  const counts = new Map<string, number>();
  for (const { name } of nodes) counts.set(name, (counts.get(name) ?? 0) + 1);
  const taken = new Set<string>();
  return new Map(
    nodes.map((node, i) => {
      const first = node.output.find((name) => name !== '') ?? `${node.opType}_${i}`;
      const own = node.name !== '' && counts.get(node.name) === 1 ? node.name : first;
      const id = taken.has(own) ? `${own}#${i}` : own;
      taken.add(id);
      return [node, id];
    }),
  );
}
