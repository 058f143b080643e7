import { create } from '@bufbuild/protobuf';
import { OnparError } from '../../../core/errors.ts';
import type { ModelEdit } from '../../../records/edit.ts';
import type { Tensor } from '../../../tensor/tensor.ts';
import { copyExternal } from '../external-copy.ts';
import { idsOf } from '../graph/graph-of.ts';
import {
  AttributeProtoSchema,
  type GraphProto,
  AttributeProto_AttributeType as Kind,
  type ModelProto,
  type NodeProto,
  NodeProtoSchema,
  ValueInfoProtoSchema,
} from '../onnx_pb.generated.ts';
import { parseOnnx, writeOnnx } from '../read.ts';
import { protoOf } from './tensor-proto.ts';
import { tidy } from './tidy.ts';

/** Writes a copy of a model with edits, in order. OnparError `edit-impossible` names the node or tensor that does not allow one. */
export function applyEdits(from: string, to: string, edits: readonly ModelEdit[]): void {
  const model = parseOnnx(from);
  for (const edit of edits) new Editing(model, from).apply(edit);
  tidy(model, new Set(model.graph?.input.map(({ name }) => name)));
  const copies = copyExternal(model, from, to);
  copies.rename();
  writeOnnx(to, model);
}

const impossible = (message: string): OnparError => new OnparError({ code: 'edit-impossible', message });

class Editing {
  readonly #model: ModelProto;
  readonly #graph: GraphProto;
  readonly #file: string;
  readonly #nodes: ReadonlyMap<string, NodeProto>;

  constructor(model: ModelProto, file: string) {
    this.#model = model;
    this.#graph = model.graph as GraphProto;
    this.#file = file;
    this.#nodes = new Map([...idsOf(this.#graph.node)].map(([node, id]) => [id, node]));
  }

  apply(edit: ModelEdit): void {
    switch (edit.edit) {
      case 'attribute':
        this.#attribute(edit);
        return;
      case 'operator': {
        this.#node(edit.node).opType = edit.op;
        return;
      }
      case 'constant':
        this.#constant(edit.tensor, edit.value);
        return;
      case 'operand': {
        const node = this.#node(edit.node);
        const name = edit.value === null ? '' : typeof edit.value === 'string' ? edit.value : this.#held(edit.value);
        while (node.input.length <= edit.index) node.input.push('');
        node.input[edit.index] = name;
        return;
      }
      case 'fix':
        this.#fix(edit.tensor, edit.value);
        return;
      case 'bypass': {
        const node = this.#node(edit.node);
        const [made] = node.output;
        const given = node.input[edit.index];
        if (made === undefined || given === undefined || given === '')
          throw impossible(`${edit.node} has no such operand`);
        this.#replaceUses(made, given, null);
        return;
      }
      default:
        throw impossible(`${this.#model.graph?.name ?? ''}: an edit \`${edit.edit}\` is not known for ONNX models`);
    }
  }

  #node(id: string): NodeProto {
    const node = this.#nodes.get(id);
    if (node === undefined) throw impossible(`${this.#file}: there is no node ${JSON.stringify(id)}`);
    return node;
  }

  #attribute({ node: id, name, value }: Extract<ModelEdit, { edit: 'attribute' }>): void {
    const node = this.#node(id);
    const old = node.attribute.find((each) => each.name === name);
    node.attribute = node.attribute.filter((each) => each.name !== name);
    if (value === null) return;
    const made = create(AttributeProtoSchema, { name });
    if (typeof value === 'object' && 'data' in value) {
      made.type = Kind.TENSOR;
      made.t = protoOf('', value);
    } else if (typeof value === 'string') {
      made.type = Kind.STRING;
      made.s = new TextEncoder().encode(value);
    } else if (typeof value === 'number' || typeof value === 'boolean') {
      const whole = old === undefined ? Number.isInteger(Number(value)) : old.type === Kind.INT;
      made.type = whole ? Kind.INT : Kind.FLOAT;
      if (whole) made.i = BigInt(Number(value));
      else made.f = Number(value);
    } else {
      const numbers = value.map(Number);
      const whole = old === undefined ? numbers.every(Number.isInteger) : old.type === Kind.INTS;
      made.type = whole ? Kind.INTS : Kind.FLOATS;
      if (whole) made.ints = numbers.map(BigInt);
      else made.floats = numbers;
    }
    node.attribute.push(made);
  }

  #constant(name: string, value: Tensor): void {
    const at = this.#graph.initializer.findIndex((each) => each.name === name);
    if (at >= 0) this.#graph.initializer[at] = protoOf(name, value);
    else {
      const node = this.#graph.node.find(({ opType, output }) => opType === 'Constant' && output[0] === name);
      if (node === undefined) throw impossible(`${this.#file}: ${JSON.stringify(name)} is no constant`);
      this.#graph.node = this.#graph.node.filter((each) => each !== node);
      this.#graph.initializer.push(protoOf(name, value));
    }
    this.#forget(name);
  }

  #fix(name: string, value: Tensor): void {
    const maker = this.#graph.node.find(({ output }) => output.includes(name));
    const input = this.#graph.input.some((each) => each.name === name);
    if (maker === undefined && !input) {
      this.#constant(name, value);
      return;
    }
    const held = this.#held(value);
    this.#replaceUses(name, held, null);
  }

  /** A value as a constant under a name of its own. */
  #held(value: Tensor): string {
    const taken = new Set([
      ...this.#graph.initializer.map(({ name }) => name),
      ...this.#graph.input.map(({ name }) => name),
      ...this.#graph.node.flatMap(({ output }) => output),
    ]);
    let n = 0;
    while (taken.has(`onpar_value_${n}`)) n++;
    this.#graph.initializer.push(protoOf(`onpar_value_${n}`, value));
    return `onpar_value_${n}`;
  }

  /** Everything that read one tensor reads another; an output of the graph keeps its name through an Identity. */
  #replaceUses(old: string, next: string, except: NodeProto | null): void {
    for (const node of this.#graph.node)
      if (node !== except) node.input = node.input.map((name) => (name === old ? next : name));
    if (!this.#graph.output.some(({ name }) => name === old)) return;
    for (const node of this.#graph.node) node.output = node.output.map((name) => (name === old ? '' : name));
    this.#graph.node.push(
      create(NodeProtoSchema, { opType: 'Identity', input: [next], output: [old], name: `onpar_${old}` }),
    );
    this.#forget(old);
  }

  #forget(name: string): void {
    this.#graph.valueInfo = this.#graph.valueInfo.filter((each) => each.name !== name);
    this.#graph.output = this.#graph.output.map((each) =>
      each.name === name ? create(ValueInfoProtoSchema, { name }) : each,
    );
  }
}
