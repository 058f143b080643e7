import { create, type MessageInitShape } from '@bufbuild/protobuf';
import type { Tensor } from '../../../tensor/tensor.ts';
import { renameReads } from '../graph/captures.ts';
import { constantProtos, isConstantNode, protoOf } from '../graph/constants-of.ts';
import { nodeIds, unused } from '../graph/ids.ts';
import {
  type GraphProto,
  type ModelProto,
  type NodeProto,
  NodeProtoSchema,
  OperatorSetIdProtoSchema,
  type TensorProto,
  TensorProto_DataType as Type,
  ValueInfoProtoSchema,
} from '../onnx_pb.generated.ts';
import { parseOnnx } from '../read.ts';
import { domainOf, flowOf, scopesOf } from '../scopes.ts';
import { type Types, typesOf } from '../types.ts';
import { impossible, quoted, some } from './impossible.ts';

/** How far a change reaches: `value` keeps shapes and types, `shape` may change sizes and types, `rank` the number of axes. */
export type Reach = 'value' | 'shape' | 'rank';

/** A model that is being edited: its nodes by id, who makes and who reads what, and which tensors are not what they were. */
export class Draft {
  /** Path of the file it was read from: for errors, and for weights beside it. */
  readonly file: string;
  readonly model: ModelProto;
  readonly graph: GraphProto;
  /** Tensors whose shape or type may have changed. */
  readonly changed = new Map<string, Reach>();
  readonly #ids: Map<string, NodeProto>;
  readonly #names: Set<string>;
  #types: { types: Types; scope: ReturnType<typeof scopesOf>[number] } | undefined;

  constructor(file: string) {
    this.file = file;
    this.model = parseOnnx(file);
    this.graph = this.model.graph as GraphProto;
    this.#ids = new Map([...nodeIds(this.graph.node)].map(([node, id]) => [id, node]));
    this.#names = namesIn(this.model);
  }

  node(id: string): NodeProto {
    const found = this.#ids.get(id);
    if (found !== undefined && this.graph.node.includes(found)) return found;
    throw impossible(this.file, `it has no node ${quoted(id)}`, `name one of ${some(this.#ids.keys())}`);
  }

  /** Forgets what was inferred: the next question looks again. */
  touch(tensors: readonly string[], reach: Reach): void {
    this.#types = undefined;
    const rank = { value: 0, shape: 1, rank: 2 };
    for (const name of tensors) {
      const known = this.changed.get(name);
      if (known === undefined || rank[known] < rank[reach]) this.changed.set(name, reach);
    }
  }

  opset(domain = ''): number | undefined {
    const found = this.model.opsetImport.find((each) => domainOf(each.domain) === domainOf(domain));
    return found === undefined ? undefined : Number(found.version);
  }

  importOpset(domain: string, version: number): void {
    if (this.opset(domain) === undefined)
      this.model.opsetImport.push(create(OperatorSetIdProtoSchema, { domain, version: BigInt(version) }));
  }

  producer(tensor: string): NodeProto | undefined {
    return tensor === '' ? undefined : this.graph.node.find(({ output }) => output.includes(tensor));
  }

  /** The constant that a tensor is; undefined where it is none. */
  constant(tensor: string): TensorProto | undefined {
    const held = this.graph.initializer.find(({ name }) => name === tensor);
    if (held !== undefined) return held;
    const node = this.producer(tensor);
    return node !== undefined && isConstantNode(node) ? constantProtos(this.model).get(tensor) : undefined;
  }

  isInput(tensor: string): boolean {
    return this.graph.input.some(({ name }) => name === tensor) && this.constant(tensor) === undefined;
  }

  isOutput(tensor: string): boolean {
    return this.graph.output.some(({ name }) => name === tensor);
  }

  /** Throws where the main graph has no such tensor. */
  require(tensor: string): void {
    if (this.isInput(tensor) || this.constant(tensor) !== undefined || this.producer(tensor) !== undefined) return;
    const names = this.graph.node.flatMap(({ output }) => output).filter((name) => name !== '');
    throw impossible(this.file, `its graph has no tensor ${quoted(tensor)}`, `name one of ${some(names)}`);
  }

  /** Element type by onnx.proto's number, as far as the file and its operators tell. */
  elementType(tensor: string): number | undefined {
    const { types, scope } = this.#inferred();
    return types.elementType({ scope, name: tensor });
  }

  /** Sizes as far as the file tells; null: unknown, or made doubtful by an edit. */
  shape(tensor: string): readonly (number | string | null)[] | null {
    const { types, scope } = this.#inferred();
    return types.shape({ scope, name: tensor });
  }

  #inferred() {
    if (this.#types === undefined) {
      const flow = flowOf(this.model);
      this.#types = { types: typesOf(flow), scope: flow.scopes[0] as ReturnType<typeof scopesOf>[number] };
    }
    return this.#types;
  }

  /** A name that no tensor of the model has. */
  fresh(base: string): string {
    const name = unused(base, this.#names);
    this.#names.add(name);
    return name;
  }

  /** Adds a constant and gives back its name. */
  addConstant(base: string, value: Tensor): string {
    const name = this.fresh(base);
    this.addInitializer(protoOf(name, value));
    return name;
  }

  addInitializer(tensor: TensorProto): void {
    this.#names.add(tensor.name);
    this.graph.initializer.push(tensor);
    this.#types = undefined;
    // Until IR version 4 initializers were defaults of inputs and had to be among them.
    if (this.model.irVersion >= 4n) return;
    const dim = tensor.dims.map((value) => ({ value: { case: 'dimValue' as const, value } }));
    const type = { value: { case: 'tensorType' as const, value: { elemType: tensor.dataType, shape: { dim } } } };
    this.graph.input.push(create(ValueInfoProtoSchema, { name: tensor.name, type }));
  }

  /** Adds a node. Where it stands does not matter: the order is made when all is done. */
  addNode(init: MessageInitShape<typeof NodeProtoSchema> & { readonly name: string }): NodeProto {
    const node = create(NodeProtoSchema, { ...init, name: unused(init.name, this.#ids) });
    this.#ids.set(node.name, node);
    for (const name of node.output) this.#names.add(name);
    this.graph.node.push(node);
    this.#types = undefined;
    return node;
  }

  removeNode(node: NodeProto): void {
    this.graph.node = this.graph.node.filter((each) => each !== node);
    this.#types = undefined;
  }

  /** All that read `tensor`, captures of subgraphs included, read `other`; `except` does not. Outputs of the graph stay. */
  redirect(tensor: string, other: string, except: readonly NodeProto[] = []): void {
    const affected: string[] = [];
    for (const node of this.graph.node) {
      if (except.includes(node)) continue;
      let hit = false;
      renameReads(node, (name) => {
        hit ||= name === tensor;
        return name === tensor ? other : name;
      });
      if (hit) affected.push(...node.output);
    }
    this.touch(affected, 'value');
  }

  /** Gives the tensor that a node makes another name there, so that `tensor` is free for something else to make. */
  takeOver(tensor: string, producer: NodeProto, base = `${tensor}__before`): string {
    const name = this.fresh(base);
    producer.output = producer.output.map((output) => (output === tensor ? name : output));
    const declared = [...this.graph.valueInfo, ...this.graph.output].find((info) => info.name === tensor);
    if (declared?.type !== undefined)
      this.graph.valueInfo.push(create(ValueInfoProtoSchema, { name, type: declared.type }));
    this.#types = undefined;
    return name;
  }

  /** Takes a constant out, whichever way it is held. */
  removeConstant(tensor: string): void {
    this.graph.initializer = this.graph.initializer.filter(({ name }) => name !== tensor);
    this.graph.node = this.graph.node.filter((node) => !(isConstantNode(node) && node.output[0] === tensor));
    // Old files list their constants among the inputs as well.
    this.graph.input = this.graph.input.filter(({ name }) => name !== tensor);
    this.#types = undefined;
  }
}

/** Every name of a tensor anywhere in a model: subgraphs see those outside. */
function namesIn(model: ModelProto): Set<string> {
  const names = new Set<string>();
  for (const { graph, inputs, outputs, nodes } of scopesOf(model)) {
    for (const name of [...inputs, ...outputs]) names.add(name);
    for (const { name } of graph?.initializer ?? []) names.add(name);
    for (const { values } of graph?.sparseInitializer ?? []) names.add(values?.name ?? '');
    for (const { name } of graph?.valueInfo ?? []) names.add(name);
    for (const { input, output } of nodes) for (const name of [...input, ...output]) names.add(name);
  }
  return names;
}

/** Element types that hold fractions, by onnx.proto's numbers. */
export const isFloatType = (type: number | undefined): boolean =>
  type === Type.FLOAT || type === Type.DOUBLE || type === Type.FLOAT16 || type === Type.BFLOAT16;
