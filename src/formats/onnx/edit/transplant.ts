import { clone, toBinary } from '@bufbuild/protobuf';
import type { ModelEdit } from '../../../records/edit.ts';
import { readsOf, renameReads } from '../graph/captures.ts';
import { constantProtos, isConstantNode } from '../graph/constants-of.ts';
import {
  FunctionProtoSchema,
  type ModelProto,
  type NodeProto,
  NodeProtoSchema,
  TensorProtoSchema,
} from '../onnx_pb.generated.ts';
import { parseOnnx } from '../read.ts';
import { domainOf, flowOf, operatorOf, type scopesOf } from '../scopes.ts';
import { typesOf } from '../types.ts';
import type { Draft } from './draft.ts';
import { inline } from './finish.ts';
import { impossible, quoted } from './impossible.ts';
import { schemaAt } from './schemas.ts';

/** Replaces what makes tensors of this model by what makes tensors of another model, up to the tensors in `inputs`. */
export function transplant(draft: Draft, edit: Extract<ModelEdit, { readonly edit: 'transplant' }>): void {
  const donor = parseOnnx(edit.from);
  const { nodes, constants } = taken(donor, edit);
  for (const node of nodes) checkOpset(draft, donor, node, edit.from);
  takeFunctions(draft, donor, nodes, edit.from);
  const typeOf = donorTypes(donor);
  const names = new Map<string, string>();
  for (const [theirs, ours] of Object.entries(edit.inputs)) {
    draft.require(ours);
    names.set(theirs, matching(draft, ours, typeOf(theirs)));
  }
  const held = constantProtos(donor);
  for (const name of constants) {
    const tensor = clone(TensorProtoSchema, held.get(name) as NonNullable<ReturnType<typeof held.get>>);
    tensor.name = draft.fresh(name);
    inline(tensor, edit.from);
    names.set(name, tensor.name);
    draft.addInitializer(tensor);
  }
  for (const { output } of nodes) for (const name of output) if (name !== '') names.set(name, draft.fresh(name));
  for (const original of nodes) {
    const node = clone(NodeProtoSchema, original);
    node.output = node.output.map((name) => names.get(name) ?? '');
    renameReads(node, (name) => names.get(name) ?? name);
    const { $typeName: _, ...fields } = node;
    draft.addNode({ ...fields, name: node.name || (node.output[0] ?? node.opType) });
  }
  for (const [ours, theirs] of Object.entries(edit.outputs)) {
    draft.require(ours);
    const wanted = draft.elementType(ours);
    const producer = draft.producer(ours);
    if (draft.constant(ours) !== undefined) draft.removeConstant(ours);
    else if (producer === undefined)
      throw impossible(draft.file, `${quoted(ours)} is an input of the model and nothing can take its place`);
    else draft.takeOver(ours, producer);
    const source = names.get(theirs) as string;
    const given = draft.elementType(source) ?? typeOf(theirs);
    const cast = wanted !== undefined && given !== undefined && wanted !== given;
    draft.addNode({
      opType: cast ? 'Cast' : 'Identity',
      name: `${ours}__transplanted`,
      input: [source],
      output: [ours],
      ...(cast ? { attribute: [{ name: 'to', type: 2, i: BigInt(wanted) }] } : {}),
    });
    draft.touch([ours], 'rank');
  }
}

/** The part of the donor that is copied: nodes up to `inputs`, and the constants that they read. */
function taken(
  donor: ModelProto,
  {
    from,
    inputs,
    outputs,
  }: {
    readonly from: string;
    readonly inputs: Readonly<Record<string, string>>;
    readonly outputs: Readonly<Record<string, string>>;
  },
): { nodes: NodeProto[]; constants: Set<string> } {
  const all = donor.graph?.node ?? [];
  const maker = new Map(all.flatMap((node) => node.output.map((name): [string, NodeProto] => [name, node])));
  const held = constantProtos(donor);
  const nodes = new Set<NodeProto>();
  const constants = new Set<string>();
  const left = Object.values(outputs);
  for (let name = left.pop(); name !== undefined; name = left.pop()) {
    if (Object.hasOwn(inputs, name)) continue;
    const node = maker.get(name);
    if (held.has(name)) constants.add(name);
    else if (node === undefined || isConstantNode(node))
      throw impossible(
        from,
        `the part behind ${quoted(Object.values(outputs).join(', '))} hangs on ${quoted(name)}, for which no tensor of this model was named`,
      );
    else if (!nodes.has(node)) {
      nodes.add(node);
      left.push(...readsOf(node));
    }
  }
  return { nodes: all.filter((node) => nodes.has(node)), constants };
}

/** A node may come from another opset where its operator is the same in both. */
function checkOpset(draft: Draft, donor: ModelProto, node: NodeProto, from: string): void {
  const domain = domainOf(node.domain);
  const theirs = Number(donor.opsetImport.find((each) => domainOf(each.domain) === domain)?.version ?? 1);
  draft.importOpset(node.domain, theirs);
  const ours = draft.opset(domain);
  if (ours === theirs || ours === undefined) return;
  const [a, b] = [schemaAt(domain, node.opType, theirs), schemaAt(domain, node.opType, ours)];
  if (a !== undefined && b !== undefined && sameSignature(a, b)) return;
  throw impossible(
    draft.file,
    `${operatorOf(node)} of ${from} is of opset ${theirs}, this model of ${ours}, where it is another operator`,
    'convert one of them to the opset of the other',
  );
}

/** Later versions of most operators only allow more element types: same operands, same attributes, same meaning. */
function sameSignature(
  a: NonNullable<ReturnType<typeof schemaAt>>,
  b: NonNullable<ReturnType<typeof schemaAt>>,
): boolean {
  if (a.since === b.since) return true;
  const [older, newer] = [Math.min(a.since, b.since), Math.max(a.since, b.since)];
  // What opset 13 did to softmaxes its signature does not tell; opset 7 brought broadcasting as numpy has it.
  if (older < 13 && newer >= 13 && a.attributes.get('axis') === 'i' && a.inputs.length === 1 && a.attributes.size === 1)
    return false;
  const text = ({ inputs, attributes }: typeof a) => JSON.stringify([inputs, [...attributes]]);
  return older >= 7 && text(a) === text(b);
}

/** Functions of the donor that copied nodes call come along. */
function takeFunctions(draft: Draft, donor: ModelProto, nodes: readonly NodeProto[], from: string): void {
  const idOf = (each: { domain: string; name: string; overload: string }) =>
    `${domainOf(each.domain)}::${each.name}:${each.overload}`;
  const theirs = new Map(donor.functions.map((fn) => [idOf(fn), fn]));
  const ours = new Map(draft.model.functions.map((fn) => [idOf(fn), fn]));
  const left = [...nodes];
  for (let node = left.pop(); node !== undefined; node = left.pop()) {
    for (const { g, graphs } of node.attribute)
      for (const inner of g === undefined ? graphs : [g, ...graphs]) left.push(...inner.node);
    const id = idOf({ domain: node.domain, name: node.opType, overload: node.overload });
    const fn = theirs.get(id);
    if (fn === undefined) continue;
    const known = ours.get(id);
    if (known === undefined) {
      draft.model.functions.push(fn);
      ours.set(id, fn);
      left.push(...fn.node);
    } else if (known !== fn && !sameFunction(known, fn)) {
      throw impossible(draft.file, `its function ${id} is another one than that of ${from}`);
    }
  }
}

type Fn = ModelProto['functions'][number];
const sameFunction = (a: Fn, b: Fn): boolean =>
  Buffer.from(toBinary(FunctionProtoSchema, a)).equals(toBinary(FunctionProtoSchema, b));

function donorTypes(donor: ModelProto): (name: string) => number | undefined {
  const flow = flowOf(donor);
  const types = typesOf(flow);
  const scope = flow.scopes[0] as ReturnType<typeof scopesOf>[number];
  return (name) => types.elementType({ scope, name });
}

/** A tensor of this model in the element type that the copied part expects. */
function matching(draft: Draft, tensor: string, wanted: number | undefined): string {
  const own = draft.elementType(tensor);
  if (wanted === undefined || own === undefined || own === wanted) return tensor;
  const output = draft.fresh(`${tensor}__cast`);
  draft.addNode({
    opType: 'Cast',
    name: output,
    input: [tensor],
    output: [output],
    attribute: [{ name: 'to', type: 2, i: BigInt(wanted) }],
  });
  return output;
}
