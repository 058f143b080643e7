import { create, type MessageInitShape } from '@bufbuild/protobuf';
import {
  AttributeProto_AttributeType as Attribute,
  type AttributeProtoSchema,
  type GraphProtoSchema,
  type ModelProto,
  ModelProtoSchema,
  type NodeProtoSchema,
  type TensorProtoSchema,
  TensorProto_DataType as Type,
  type ValueInfoProtoSchema,
} from '../../src/formats/onnx/onnx_pb.generated.ts';
import { tensorFrom } from '../../src/tensor/build.ts';
import type { Dtype } from '../../src/tensor/dtype.ts';

export type NodeInit = MessageInitShape<typeof NodeProtoSchema>;
export type TensorInit = MessageInitShape<typeof TensorProtoSchema>;
export type GraphInit = MessageInitShape<typeof GraphProtoSchema>;
type AttributeInit = MessageInitShape<typeof AttributeProtoSchema>;

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
} as const satisfies Record<Dtype, number>;

/** An initializer with its numbers in `raw_data`. */
export function tensor(
  name: string,
  dtype: Exclude<Dtype, 'string'>,
  dims: readonly number[],
  values: ArrayLike<number>,
): TensorInit {
  const { data } = tensorFrom(dtype, dims, Array.from(values));
  return { name, dataType: ELEMENT_TYPE[dtype], dims: dims.map(BigInt), rawData: data };
}

/** The same tensor in another file; `bytes` of it lie at `offset`. */
export const outside = (
  { name, dataType, dims }: TensorInit,
  location: string,
  offset?: number,
  length?: number,
  more: readonly { key: string; value: string }[] = [],
): TensorInit => ({
  ...(name === undefined ? {} : { name }),
  ...(dataType === undefined ? {} : { dataType }),
  ...(dims === undefined ? {} : { dims }),
  dataLocation: 1,
  externalData: [
    { key: 'location', value: location },
    ...(offset === undefined ? [] : [{ key: 'offset', value: String(offset) }]),
    ...(length === undefined ? [] : [{ key: 'length', value: String(length) }]),
    ...more,
  ],
});

type AttributeValue = number | readonly number[] | string | { t: TensorInit } | { g: GraphInit } | { floats: number[] };

/** A node: operator, operands and results apart by blanks (`_` for one left out), attributes. `domain::Op` is allowed. */
export function node(
  opType: string,
  input: string,
  output: string,
  attributes: Readonly<Record<string, AttributeValue>> = {},
): NodeInit {
  const [domain, op] = opType.includes('::') ? (opType.split('::') as [string, string]) : ['', opType];
  const names = (text: string): string[] => text.split(' ').flatMap((n) => (n === '' ? [] : [n === '_' ? '' : n]));
  return {
    opType: op,
    domain,
    name: `${op.toLowerCase()}_${names(output)[0] ?? ''}`,
    input: names(input),
    output: names(output),
    attribute: Object.entries(attributes).map(([name, value]): AttributeInit => {
      if (typeof value === 'number') {
        return Number.isInteger(value)
          ? { name, type: Attribute.INT, i: BigInt(value) }
          : { name, type: Attribute.FLOAT, f: value };
      }
      if (typeof value === 'string') return { name, type: Attribute.STRING, s: new TextEncoder().encode(value) };
      if ('t' in value) return { name, type: Attribute.TENSOR, t: value.t };
      if ('g' in value) return { name, type: Attribute.GRAPH, g: value.g };
      if ('floats' in value) return { name, type: Attribute.FLOATS, floats: value.floats };
      return { name, type: Attribute.INTS, ints: value.map(BigInt) };
    }),
  };
}

/** A graph input or output; dimensions by number or name. */
export const info = (
  name: string,
  dtype: Dtype,
  shape: readonly (number | string)[],
): MessageInitShape<typeof ValueInfoProtoSchema> => ({
  name,
  type: {
    value: {
      case: 'tensorType',
      value: {
        elemType: ELEMENT_TYPE[dtype],
        shape: {
          dim: shape.map((d) => ({
            value:
              typeof d === 'number'
                ? { case: 'dimValue' as const, value: BigInt(d) }
                : { case: 'dimParam' as const, value: d },
          })),
        },
      },
    },
  },
});

/** A model of opset 21 around a graph. */
export const model = (
  graph: GraphInit,
  more: Omit<MessageInitShape<typeof ModelProtoSchema>, 'graph' | '$typeName'> = {},
): ModelProto =>
  create(ModelProtoSchema, {
    irVersion: 10n,
    opsetImport: [
      { domain: '', version: 21n },
      { domain: 'com.microsoft', version: 1n },
    ],
    ...more,
    graph: { name: 'main', ...graph },
  });
