import { join } from 'node:path';
import { create } from '@bufbuild/protobuf';
import { expect, test } from 'vitest';
import { constantsOf } from '../../src/formats/onnx/graph/constants-of.ts';
import { ModelProtoSchema, TensorProto_DataType } from '../../src/formats/onnx/onnx_pb.generated.ts';
import { parseOnnx, serializeOnnx, writeOnnx } from '../../src/formats/onnx/read.ts';
import { toFloat64 } from '../../src/tensor/values.ts';
import { scratch } from '../scratch.ts';

test('a tensor that keeps its numbers as numbers is not written as one that keeps them as bytes', () => {
  const model = create(ModelProtoSchema, {
    irVersion: 8n,
    graph: {
      name: 'g',
      initializer: [
        { name: 'numbers', dataType: TensorProto_DataType.FLOAT, dims: [2n], floatData: [0.5, -2] },
        { name: 'bytes', dataType: TensorProto_DataType.INT8, dims: [3n], rawData: new Uint8Array([1, 2, 255]) },
        { name: 'empty', dataType: TensorProto_DataType.FLOAT, dims: [0n], rawData: new Uint8Array(0) },
      ],
    },
  });
  const path = join(scratch(), 'model.onnx');
  writeOnnx(path, model);
  const back = parseOnnx(path);
  expect(serializeOnnx(back)).toEqual(serializeOnnx(model));
  const constants = constantsOf(path);
  expect([...constants].map(([name, tensor]) => [name, [...toFloat64(tensor)]])).toEqual([
    ['numbers', [0.5, -2]],
    ['bytes', [1, 2, -1]],
    ['empty', []],
  ]);
});
