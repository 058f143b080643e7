import { create } from '@bufbuild/protobuf';
import type { Dim } from '../../../records/contract.ts';
import {
  type AttributeProto,
  type GraphProto,
  type ModelProto,
  type NodeProto,
  type TensorProto,
  TensorProtoSchema,
  TensorProto_DataType as Type,
} from '../onnx_pb.generated.ts';
import { tensorSpecOf } from '../summary.ts';

/** One place where a tensor goes into a node. */
export interface Use {
  readonly node: NodeProto;
  readonly index: number;
}

/** A graph that can be walked both ways; what subgraphs take from outside counts as its uses. */
export interface GraphView {
  readonly usesOf: (tensor: string) => readonly Use[];
  readonly producerOf: (tensor: string) => NodeProto | undefined;
  /** The constant that a tensor is, seen through casts and changes of shape; undefined when it is computed. */
  readonly constantOf: (tensor: string) => TensorProto | undefined;
  /** Sizes as far as the file tells them; null: unknown. */
  readonly shapeOf: (tensor: string) => readonly Dim[] | null;
}

export const attribute = (node: NodeProto, name: string): AttributeProto | undefined =>
  node.attribute.find((a) => a.name === name);
export const intAttribute = (node: NodeProto, name: string, fallback: number): number => {
  const found = attribute(node, name);
  return found === undefined ? fallback : Number(found.i);
};

/** How a node is called in a sentence: its operator, and its name where it has one. */
export const nodeText = ({ opType, name }: NodeProto): string => (name === '' ? opType : `${opType} (${name})`);

/** Operators that leave the elements what they are, as far as a constant's own values go. */
const SHAPING = new Set(['Identity', 'Cast', 'Reshape', 'Unsqueeze', 'Squeeze', 'Expand', 'Flatten', 'Transpose']);
/** Operators whose output has the shape of their first input. */
const SAME_SHAPE = new Set([
  ...['Identity', 'Cast', 'Relu', 'Tanh', 'Sigmoid', 'Neg', 'Abs', 'Exp', 'Sqrt', 'Erf', 'Clip', 'LeakyRelu', 'Not'],
  ...['Softmax', 'LogSoftmax', 'LayerNormalization', 'DequantizeLinear', 'QuantizeLinear', 'BatchNormalization'],
]);
/** Steps back through producers; chains are short, cycles do not occur in valid files. */
const MAX_STEPS = 12;

export function viewGraph({ graph }: ModelProto): GraphView {
  const uses = new Map<string, Use[]>();
  const producers = new Map<string, NodeProto>();
  const constants = new Map<string, TensorProto>();
  const shapes = new Map<string, readonly Dim[] | null>();
  const visit = (g: GraphProto): void => {
    for (const tensor of g.initializer) constants.set(tensor.name, tensor);
    for (const info of [...g.input, ...g.valueInfo, ...g.output]) shapes.set(info.name, tensorSpecOf(info).shape);
    for (const node of g.node) {
      node.input.forEach((name, index) => {
        const known = uses.get(name);
        if (known !== undefined) known.push({ node, index });
        else if (name !== '') uses.set(name, [{ node, index }]);
      });
      for (const name of node.output) producers.set(name, node);
      const value = node.opType === 'Constant' ? constantValue(node) : undefined;
      if (value !== undefined && node.output[0] !== undefined) constants.set(node.output[0], value);
      for (const { g: inner, graphs } of node.attribute)
        for (const each of inner ? [inner, ...graphs] : graphs) visit(each);
    }
  };
  if (graph !== undefined) visit(graph);
  const producerOf = (tensor: string) => producers.get(tensor);
  const constantOf = (tensor: string, left = MAX_STEPS): TensorProto | undefined => {
    const found = constants.get(tensor);
    if (found !== undefined) return found;
    const node = producers.get(tensor);
    const [first] = node?.input ?? [];
    return left > 0 && node !== undefined && first !== undefined && SHAPING.has(node.opType)
      ? constantOf(first, left - 1)
      : undefined;
  };
  const shapeOf = (tensor: string, left = MAX_STEPS): readonly Dim[] | null => {
    const constant = constants.get(tensor);
    if (constant !== undefined) return constant.dims.map(Number);
    const known = shapes.get(tensor);
    const node = producers.get(tensor);
    const [first] = node?.input ?? [];
    if (known != null || left === 0 || node === undefined || first === undefined) return known ?? null;
    if (SAME_SHAPE.has(node.opType)) return shapeOf(first, left - 1);
    if (node.opType !== 'Transpose') return null;
    const inner = shapeOf(first, left - 1);
    const order = attribute(node, 'perm')?.ints.map(Number);
    return inner === null ? null : (order?.map((axis) => inner[axis] ?? null) ?? inner.toReversed());
  };
  return { usesOf: (tensor) => uses.get(tensor) ?? [], producerOf, constantOf, shapeOf };
}

/** What a Constant node holds, whichever of its attributes says it; undefined for strings and sparse tensors. */
function constantValue({ attribute: [value] }: NodeProto): TensorProto | undefined {
  switch (value?.name) {
    case 'value':
      return value.t;
    case 'value_int':
      return create(TensorProtoSchema, { dataType: Type.INT64, int64Data: [value.i] });
    case 'value_ints':
      return create(TensorProtoSchema, {
        dataType: Type.INT64,
        dims: [BigInt(value.ints.length)],
        int64Data: value.ints,
      });
    case 'value_float':
      return create(TensorProtoSchema, { dataType: Type.FLOAT, floatData: [value.f] });
    case 'value_floats':
      return create(TensorProtoSchema, {
        dataType: Type.FLOAT,
        dims: [BigInt(value.floats.length)],
        floatData: value.floats,
      });
    default:
      return undefined;
  }
}

/** More elements than any bound, list of frequencies or per-channel mean has. */
const MAX_NUMBERS = 65_536;

/** The elements of a small constant; null for one that is large, kept in another file, or of a dtype that no bound has. */
export function numbersOf(tensor: TensorProto | undefined): readonly number[] | null {
  if (tensor === undefined || tensor.dataLocation === 1) return null;
  const count = tensor.dims.reduce((n, d) => n * Number(d), 1);
  if (count > MAX_NUMBERS) return null;
  const raw = tensor.rawData;
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
  const read = (width: number, at: (offset: number) => number): number[] =>
    Array.from({ length: Math.min(count, Math.floor(raw.byteLength / width)) }, (_, i) => at(i * width));
  switch (tensor.dataType) {
    case Type.FLOAT:
      return raw.length > 0 ? read(4, (o) => view.getFloat32(o, true)) : tensor.floatData;
    case Type.DOUBLE:
      return raw.length > 0 ? read(8, (o) => view.getFloat64(o, true)) : tensor.doubleData;
    case Type.INT64:
      return raw.length > 0 ? read(8, (o) => Number(view.getBigInt64(o, true))) : tensor.int64Data.map(Number);
    case Type.INT32:
      return raw.length > 0 ? read(4, (o) => view.getInt32(o, true)) : tensor.int32Data;
    case Type.BOOL:
    case Type.UINT8:
      return raw.length > 0 ? read(1, (o) => view.getUint8(o)) : tensor.int32Data;
    default:
      return null;
  }
}

/** The one number that a constant holds everywhere; undefined when it holds several or is none. */
export function scalarOf(tensor: TensorProto | undefined): number | undefined {
  const numbers = numbersOf(tensor);
  const first = numbers?.[0];
  return numbers?.every((n) => n === first) ? first : undefined;
}
