import { create } from '@bufbuild/protobuf';
import type { Tensor } from '../../../tensor/tensor.ts';
import { type TensorProto, TensorProtoSchema, TensorProto_DataType as Type } from '../onnx_pb.generated.ts';

const TYPES: Readonly<Record<Tensor['dtype'], Type>> = {
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
};

export const onnxTypeOf = (dtype: Tensor['dtype']): Type => TYPES[dtype];

/** A tensor as ONNX stores it, its bytes inside the model. */
export function protoOf(name: string, { dtype, shape, data, strings }: Tensor): TensorProto {
  return create(TensorProtoSchema, {
    name,
    dataType: TYPES[dtype],
    dims: shape.map(BigInt),
    ...(dtype === 'string'
      ? { stringData: (strings ?? []).map((each) => new TextEncoder().encode(each)) }
      : { rawData: data }),
  });
}
