import { dirname, join } from 'node:path';
import { create } from '@bufbuild/protobuf';
import { stringTensor } from '../../../tensor/build.ts';
import { withFile } from '../../../tensor/bytes.ts';
import { BYTES_PER_ELEMENT } from '../../../tensor/dtype.ts';
import type { NamedTensors, Tensor } from '../../../tensor/tensor.ts';
import {
  AttributeProto_AttributeType as Kind,
  type ModelProto,
  type NodeProto,
  type TensorProto,
  TensorProtoSchema,
  TensorProto_DataType as Type,
} from '../onnx_pb.generated.ts';
import { parseOnnx } from '../read.ts';
import { domainOf } from '../scopes.ts';
import { dtypeOfOnnx } from '../summary.ts';
import { elementsOf, externalPlaceOf, withTensorBytes } from '../tensor-data.ts';

/** From this size on a constant stays in its file: `Tensor.place` tells where, `data` reads it each time. */
const STAYS_FROM_BYTES = 1024 ** 2;

/**
 * The constants of an ONNX file's main graph by name: initializers, and results of Constant nodes. Those of element types
 * that onpar's tensors lack (4-bit integers, 8-bit floats, complex numbers), sparse ones, and those of subgraphs and
 * functions are left out. Errors as `parseOnnx` and `withTensorBytes`.
 */
export function constantsOf(file: string): NamedTensors {
  const bytes = withFile(file, (source, size) => source(0, size));
  const model = parseOnnx(bytes, file);
  const found = new Map<string, Tensor>();
  for (const [name, proto] of constantProtos(model)) {
    const tensor = placedTensor(proto, file, bytes) ?? tensorOf(proto, file);
    if (tensor !== null) found.set(name, tensor);
  }
  return found;
}

/** The constants of a model's main graph as they stand in the file. */
export function constantProtos({ graph }: ModelProto): Map<string, TensorProto> {
  const found = new Map<string, TensorProto>();
  for (const tensor of graph?.initializer ?? []) found.set(tensor.name, tensor);
  for (const node of graph?.node ?? []) {
    const value = constantValue(node);
    if (value !== null && node.output[0] !== undefined) found.set(node.output[0], value);
  }
  return found;
}

export const isConstantNode = ({ opType, domain }: NodeProto): boolean =>
  opType === 'Constant' && domainOf(domain) === '';

/** What a Constant node holds, as a tensor; null for sparse ones and for every other node. */
function constantValue(node: NodeProto): TensorProto | null {
  const [attribute] = isConstantNode(node) ? node.attribute : [];
  if (attribute === undefined) return null;
  const { type, t, i, f, s, ints, floats, strings } = attribute;
  const list = (n: number) => [BigInt(n)];
  switch (type) {
    case Kind.TENSOR:
      return t ?? null;
    case Kind.INT:
      return create(TensorProtoSchema, { dataType: Type.INT64, int64Data: [i] });
    case Kind.INTS:
      return create(TensorProtoSchema, { dataType: Type.INT64, dims: list(ints.length), int64Data: ints });
    case Kind.FLOAT:
      return create(TensorProtoSchema, { dataType: Type.FLOAT, floatData: [f] });
    case Kind.FLOATS:
      return create(TensorProtoSchema, { dataType: Type.FLOAT, dims: list(floats.length), floatData: floats });
    case Kind.STRING:
      return create(TensorProtoSchema, { dataType: Type.STRING, stringData: [s] });
    case Kind.STRINGS:
      return create(TensorProtoSchema, { dataType: Type.STRING, dims: list(strings.length), stringData: strings });
    default:
      return t ?? null;
  }
}

/** A tensor of a file with its elements in memory of their own; null for element types that onpar's tensors lack. */
export function tensorOf(proto: TensorProto, file: string): Tensor | null {
  const dtype = dtypeOfOnnx(proto.dataType);
  if (dtype === null) return null;
  const shape = proto.dims.map(Number);
  if (dtype === 'string')
    return stringTensor(
      shape,
      proto.stringData.map((bytes) => new TextDecoder().decode(bytes)),
    );
  // A copy, so that a small constant does not keep a whole file in memory.
  return { dtype, shape, data: withTensorBytes(proto, file, (source, size) => source(0, size).slice()) };
}

/** A tensor as a file holds it, with the name that it has there. */
export function protoOf(name: string, { dtype, shape, data, strings }: Tensor): TensorProto {
  const dims = shape.map(BigInt);
  if (dtype === 'string') {
    const stringData = (strings ?? []).map((text) => new TextEncoder().encode(text));
    return create(TensorProtoSchema, { name, dataType: Type.STRING, dims, stringData });
  }
  return create(TensorProtoSchema, { name, dataType: ELEMENT_TYPE[dtype], dims, rawData: data });
}

/** Element types by onpar's names (onnx.proto, TensorProto.DataType). */
export const ELEMENT_TYPE = {
  float64: Type.DOUBLE,
  float32: Type.FLOAT,
  float16: Type.FLOAT16,
  bfloat16: Type.BFLOAT16,
  int64: Type.INT64,
  int32: Type.INT32,
  int16: Type.INT16,
  int8: Type.INT8,
  uint64: Type.UINT64,
  uint32: Type.UINT32,
  uint16: Type.UINT16,
  uint8: Type.UINT8,
  bool: Type.BOOL,
  string: Type.STRING,
} as const;

/** A large tensor that stays where it lies; null where it is small, or no plain bytes of a file. */
function placedTensor(proto: TensorProto, file: string, bytes: Uint8Array): Tensor | null {
  const dtype = dtypeOfOnnx(proto.dataType);
  if (dtype === null || dtype === 'string') return null;
  const length = elementsOf(proto) * BYTES_PER_ELEMENT[dtype];
  const external = externalPlaceOf(proto, file);
  // Protobuf's reader gives views of the file's bytes: where they begin is where the tensor lies.
  const inside = proto.rawData.buffer === bytes.buffer && proto.rawData.byteLength === length;
  if (length < STAYS_FROM_BYTES || (external === null && !inside)) return null;
  const place =
    external === null
      ? { path: file, offset: proto.rawData.byteOffset - bytes.byteOffset }
      : { path: join(dirname(file), external.location), offset: external.offset };
  return {
    dtype,
    shape: proto.dims.map(Number),
    place,
    get data() {
      return withFile(place.path, (source) => source(place.offset, length));
    },
  };
}
