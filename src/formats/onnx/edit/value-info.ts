import { create } from '@bufbuild/protobuf';
import type { Dim } from '../../../records/contract.ts';
import {
  TensorShapeProto_DimensionSchema,
  TensorShapeProtoSchema,
  TypeProto_TensorSchema,
  TypeProtoSchema,
  type ValueInfoProto,
  ValueInfoProtoSchema,
} from '../onnx_pb.generated.ts';

/** The declaration of a tensor; sizes are left open, as what feeds it decides them. Without `ranked` the rank is open, too. */
export function infoOf(name: string, elemType: number, shape: readonly Dim[], ranked: boolean): ValueInfoProto {
  const dim = shape.map(() => create(TensorShapeProto_DimensionSchema, {}));
  return create(ValueInfoProtoSchema, {
    name,
    type: create(TypeProtoSchema, {
      value: {
        case: 'tensorType',
        value: create(TypeProto_TensorSchema, {
          elemType,
          ...(ranked ? { shape: create(TensorShapeProtoSchema, { dim }) } : {}),
        }),
      },
    }),
  });
}
