import type { ModelEdit } from '../../../records/edit.ts';
import { cast } from '../../../tensor/build.ts';
import { subgraphsOf } from '../graph/captures.ts';
import { isConstantNode, protoOf, tensorOf } from '../graph/constants-of.ts';
import {
  AttributeProto_AttributeType as Kind,
  type NodeProto,
  TensorProto_DataType as Type,
} from '../onnx_pb.generated.ts';
import { operatorOf } from '../scopes.ts';
import { dequantised } from './dequantise.ts';
import type { Draft } from './draft.ts';
import { impossible, quoted } from './impossible.ts';

const isHalf = (type: number | undefined): boolean => type === Type.FLOAT16 || type === Type.BFLOAT16;
const HALF_QUANTISED = /^(QLinear|ConvInteger|MatMulInteger|MatMulNBits|QGemm|QAttention|DynamicQuantize)/;

/**
 * These nodes compute in float32. Half-precision operands are cast before them and results behind them, constants become
 * float32 ones. In a model with QuantizeLinear and DequantizeLinear the pairs in front of their operands are left out and
 * their weights are stored dequantised; so are pairs behind their results where nothing but the island reads them.
 */
export function float32Island(
  draft: Draft,
  { nodes: ids }: Extract<ModelEdit, { readonly edit: 'float32-island' }>,
): void {
  const nodes = ids.map((id) => draft.node(id));
  const island = new Set(nodes);
  for (const node of nodes) refuse(draft, node);
  let done = 0;
  for (const node of nodes) done += withoutQuantisers(draft, node);
  const halves = halfTensors(draft, nodes);
  done += halves.size;
  const wide = new Map<string, string>();
  for (const name of halves.keys()) {
    const maker = draft.producer(name);
    if (maker !== undefined && island.has(maker)) wide.set(name, draft.fresh(`${name}__float32`));
  }
  for (const node of nodes) {
    node.input = node.input.map((name) => (halves.has(name) ? widened(draft, name, wide) : name));
    node.output = node.output.map((name) => wide.get(name) ?? name);
    widenAttributes(draft, node);
  }
  // Whoever is outside, the model's outputs included, reads a result as the half that it was.
  for (const [name, type] of halves) {
    const result = wide.get(name);
    if (result !== undefined && nodes.some(({ output }) => output.includes(result))) addCast(draft, result, name, type);
  }
  if (done === 0) throw impossible(draft.file, `nodes ${ids.map(quoted).join(', ')} compute in float32 already`);
  draft.touch([...wide.values()], 'shape');
}

function refuse({ file }: Draft, node: NodeProto): void {
  const what = `${operatorOf(node)} ${quoted(node.name || (node.output[0] ?? ''))}`;
  if (HALF_QUANTISED.test(node.opType))
    throw impossible(file, `${what} computes on quantised numbers and has no float32 twin here`);
  if (subgraphsOf(node).length > 0)
    throw impossible(file, `${what} has subgraphs, whose nodes cannot be told apart from here`);
}

/** Half-precision tensors that the nodes read or make, with their element types. */
function halfTensors(draft: Draft, nodes: readonly NodeProto[]): Map<string, number> {
  const found = new Map<string, number>();
  for (const { input, output } of nodes) {
    for (const name of [...input, ...output]) {
      const type = name === '' ? undefined : draft.elementType(name);
      if (type !== undefined && isHalf(type)) found.set(name, type);
    }
  }
  return found;
}

/** The float32 twin of a half-precision tensor, made where there is none yet. */
function widened(draft: Draft, name: string, wide: Map<string, string>): string {
  const known = wide.get(name);
  if (known !== undefined) return known;
  const constant = draft.constant(name);
  const value = constant === undefined ? null : tensorOf(constant, draft.file);
  const twin =
    value === null ? draft.fresh(`${name}__float32`) : draft.addConstant(`${name}__float32`, cast(value, 'float32'));
  if (value === null) addCast(draft, name, twin, Type.FLOAT);
  wide.set(name, twin);
  return twin;
}

const addCast = (draft: Draft, from: string, to: string, type: number): NodeProto =>
  draft.addNode({
    opType: 'Cast',
    name: `${to}__cast`,
    input: [from],
    output: [to],
    attribute: [{ name: 'to', type: Kind.INT, i: BigInt(type) }],
  });

/** Element types and values that a node names itself. */
function widenAttributes({ file }: Draft, node: NodeProto): void {
  for (const attribute of node.attribute) {
    const { name, i, t } = attribute;
    if ((name === 'to' || name === 'dtype') && isHalf(Number(i))) attribute.i = BigInt(Type.FLOAT);
    const value = t !== undefined && isHalf(t.dataType) ? tensorOf(t, file) : null;
    if (value !== null) attribute.t = protoOf(t?.name ?? '', cast(value, 'float32'));
  }
}

const is = (node: NodeProto | undefined, opType: string): node is NodeProto => node?.opType === opType;

/** Takes out the quantisers around a node; how many. */
function withoutQuantisers(draft: Draft, node: NodeProto): number {
  let done = 0;
  node.input = node.input.map((name) => {
    const dequantise = draft.producer(name);
    if (!is(dequantise, 'DequantizeLinear')) return name;
    const [stored = ''] = dequantise.input;
    const quantise = draft.producer(stored);
    if (is(quantise, 'QuantizeLinear') && !isConstantNode(quantise)) {
      done++;
      return quantise.input[0] as string;
    }
    const value = dequantised(draft, dequantise);
    if (value === undefined) return name;
    done++;
    return draft.addConstant(`${stored}__float32`, value);
  });
  return done + withoutBehind(draft, node);
}

/** A pair behind a result that ends as an output of the model. */
function withoutBehind(draft: Draft, node: NodeProto): number {
  let done = 0;
  for (const name of node.output) {
    for (const quantise of draft.graph.node.filter((each) => is(each, 'QuantizeLinear') && each.input[0] === name)) {
      for (const dequantise of draft.graph.node.filter(
        (each) => is(each, 'DequantizeLinear') && each.input[0] === quantise.output[0],
      )) {
        const [end = ''] = dequantise.output;
        if (!draft.isOutput(end) || draft.elementType(end) !== draft.elementType(name)) continue;
        draft.removeNode(dequantise);
        draft.addNode({ opType: 'Identity', name: `${end}__unquantised`, input: [name], output: [end] });
        done++;
      }
    }
  }
  return done;
}
