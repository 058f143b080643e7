import { create } from '@bufbuild/protobuf';
import type { Dim } from '../../../records/contract.ts';
import type { Dtype } from '../../../tensor/dtype.ts';
import { readsOf } from '../graph/captures.ts';
import { constantProtos, ELEMENT_TYPE, isConstantNode } from '../graph/constants-of.ts';
import { unused } from '../graph/ids.ts';
import {
  type GraphProto,
  type ModelProto,
  type NodeProto,
  type ValueInfoProto,
  ValueInfoProtoSchema,
} from '../onnx_pb.generated.ts';
import { parseOnnx } from '../read.ts';
import { flowOf, type Scope } from '../scopes.ts';
import { typesOf } from '../types.ts';
import { save, tidy } from './finish.ts';
import { impossible, quoted, some } from './impossible.ts';

/** Where a part of a model begins and ends. */
export interface Ends {
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** What is known of tensors beyond the file: of those that are fed, say. It counts more than the file. */
  readonly types?: Readonly<Record<string, { readonly dtype: Dtype; readonly shape?: readonly Dim[] }>>;
}

/**
 * Writes the part of an ONNX model between tensors to `to`: `inputs` become its inputs and `outputs` its outputs, under
 * their names; constants that it needs come along, and so do inputs of the model that it needs beside `inputs`.
 *
 * Element types come from `types`, the file or its operators; sizes of inputs are declared where they are known, and left
 * open where not. OnparError `edit-impossible` for a tensor that the graph does not have, for an input whose element type is
 * not known, and for an output that hangs on nothing that is computed.
 */
export function cutOut(from: string, to: string, ends: Ends): void {
  const model = parseOnnx(from);
  const graph = model.graph as GraphProto;
  const maker = new Map(graph.node.flatMap((node) => node.output.map((name): [string, NodeProto] => [name, node])));
  const held = constantProtos(model);
  const given = new Set(graph.input.map(({ name }) => name).filter((name) => !held.has(name)));
  const known = (name: string): boolean => maker.has(name) || held.has(name) || given.has(name);
  for (const name of [...ends.inputs, ...ends.outputs]) {
    if (name === '' || !known(name))
      throw impossible(from, `its graph has no tensor ${quoted(name)}`, `name one of ${some(maker.keys())}`);
  }
  if (ends.outputs.length === 0) throw impossible(from, 'a part without outputs computes nothing');
  const declare = declarer(model, from, ends);
  const cut = new Set(ends.inputs);
  const used = new Set<string>();
  const kept = new Set<NodeProto>();
  const left = [...ends.outputs];
  for (let name = left.pop(); name !== undefined; name = left.pop()) {
    if (used.has(name)) continue;
    used.add(name);
    const node = cut.has(name) ? undefined : maker.get(name);
    if (node === undefined || kept.has(node)) {
      if (!known(name)) throw impossible(from, `the part hangs on ${quoted(name)}, which nothing makes`);
      continue;
    }
    kept.add(node);
    left.push(...readsOf(node));
  }
  const idle = ends.outputs.find((name) => cut.has(name) || !maker.has(name) || held.has(name));
  if (idle !== undefined)
    throw impossible(from, `${quoted(idle)} is no result of a node behind the inputs, and cannot be an output`);
  // A node beside the cut may make the tensor again as one of several results.
  const names = new Set([...maker.keys(), ...held.keys(), ...given]);
  for (const node of kept)
    node.output = node.output.map((name) => (cut.has(name) ? unused(`${name}__unread`, names) : name));
  graph.node = graph.node.filter((node) => kept.has(node) || isConstantNode(node));
  for (const name of cut) {
    if (!held.has(name)) continue;
    graph.initializer = graph.initializer.filter((tensor) => tensor.name !== name);
    graph.node = graph.node.filter((node) => !(isConstantNode(node) && node.output[0] === name));
  }
  const own = graph.input.filter(({ name }) => used.has(name) && !cut.has(name));
  graph.input = [...ends.inputs.map((name) => declare(name, true)), ...own];
  graph.output = ends.outputs.map((name) => declare(name, false));
  tidy(model, from);
  save(model, from, to);
}

/**
 * Declares tensors as inputs or outputs. Sizes of outputs are those of the file; a name of a size that a cut input lost may
 * stand for another one now, so that names are left out.
 */
function declarer(
  model: ModelProto,
  file: string,
  { types: told }: Ends,
): (name: string, isInput: boolean) => ValueInfoProto {
  const flow = flowOf(model);
  const types = typesOf(flow);
  const scope = flow.scopes[0] as Scope;
  const { graph } = model;
  const declared = new Set(
    [...(graph?.input ?? []), ...(graph?.valueInfo ?? []), ...(graph?.output ?? [])].map(({ name }) => name),
  );
  const foreign = new Set(
    graph?.node.filter(({ domain }) => !/^(ai\.onnx(\.ml)?)?$/.test(domain)).flatMap(({ output }) => output),
  );
  // What other domains' operators make is a guess, and runtimes refuse a model whose output is of another type.
  const sure = (name: string, type: number | undefined): number | undefined =>
    foreign.has(name) && !declared.has(name) ? undefined : type;
  return (name, isInput) => {
    const given = told !== undefined && Object.hasOwn(told, name) ? told[name] : undefined;
    const elemType =
      given === undefined
        ? isInput
          ? types.elementType({ scope, name })
          : sure(name, types.elementType({ scope, name }))
        : ELEMENT_TYPE[given.dtype];
    if (elemType === undefined) {
      if (!isInput) return create(ValueInfoProtoSchema, { name });
      throw impossible(file, `the element type of ${quoted(name)} is not known`, 'give it beside the tensor');
    }
    const shape = given?.shape ?? types.shape({ scope, name });
    const dim = shape?.map((size) =>
      typeof size === 'number' ? { value: { case: 'dimValue' as const, value: BigInt(size) } } : {},
    );
    return create(ValueInfoProtoSchema, {
      name,
      type: { value: { case: 'tensorType', value: { elemType, ...(dim === undefined ? {} : { shape: { dim } }) } } },
    });
  };
}
