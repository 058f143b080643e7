import { create, type MessageInitShape } from '@bufbuild/protobuf';
import {
  AttributeProto_AttributeType,
  ModelProtoSchema,
  TensorProto_DataType,
} from '../../src/formats/onnx/onnx_pb.generated.ts';
import { writeOnnx } from '../../src/formats/onnx/read.ts';

interface TinyNode {
  readonly opType: string;
  readonly input: readonly string[];
  readonly output: readonly string[];
  readonly name?: string;
  readonly floats?: Readonly<Record<string, number>>;
}

interface TinyModel {
  /** Float32 tensors; a text is a dynamic dimension. */
  readonly inputs: Readonly<Record<string, readonly (number | string)[]>>;
  readonly outputs: Readonly<Record<string, readonly (number | string)[]>>;
  readonly nodes: readonly TinyNode[];
  readonly weights?: Readonly<Record<string, { readonly dims: readonly number[]; readonly values: readonly number[] }>>;
}

const FLOAT = TensorProto_DataType.FLOAT;

const infos = (specs: TinyModel['inputs']) =>
  Object.entries(specs).map(([name, shape]) => ({
    name,
    type: {
      value: {
        case: 'tensorType' as const,
        value: {
          elemType: FLOAT,
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
  }));

/** Writes a float32 ONNX model of a few nodes, opset 17. */
export function writeTinyOnnx(path: string, { inputs, outputs, nodes, weights = {} }: TinyModel): void {
  const init: MessageInitShape<typeof ModelProtoSchema> = {
    irVersion: 8n,
    opsetImport: [{ domain: '', version: 17n }],
    graph: {
      name: 'tiny',
      node: nodes.map(({ opType, input, output, name = '', floats = {} }) => ({
        opType,
        name,
        input: [...input],
        output: [...output],
        attribute: Object.entries(floats).map(([key, f]) => ({
          name: key,
          f,
          type: AttributeProto_AttributeType.FLOAT,
        })),
      })),
      input: infos(inputs),
      output: infos(outputs),
      initializer: Object.entries(weights).map(([name, { dims, values }]) => ({
        name,
        dataType: FLOAT,
        dims: dims.map(BigInt),
        floatData: [...values],
      })),
    },
  };
  writeOnnx(path, create(ModelProtoSchema, init));
}
