process.env['ORT_DISABLE_TELEMETRY'] = '1';

import { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node';
import { tensorFrom } from '../../src/tensor/build.ts';
import type { Dtype } from '../../src/tensor/dtype.ts';
import { fromFloat16Bits } from '../../src/tensor/half.ts';
import type { NamedTensors, Tensor } from '../../src/tensor/tensor.ts';
import { bytesOf, viewOf } from '../../src/tensor/views.ts';

/** Runs a model through onnxruntime, its optimiser off, and gives back its outputs. */
export async function runOnnx(path: string, feeds: NamedTensors): Promise<NamedTensors> {
  const session = await InferenceSession.create(path, {
    graphOptimizationLevel: 'disabled',
    logSeverityLevel: 3,
    intraOpNumThreads: 1,
  });
  try {
    const given = [...feeds].filter(([name]) => session.inputNames.includes(name));
    const outputs = await session.run(
      Object.fromEntries(
        given.map(([name, t]) => [name, new OrtTensor(t.dtype as 'float32', viewOf(t) as Float32Array, t.shape)]),
      ),
    );
    return new Map(Object.entries(outputs).map(([name, t]) => [name, fromOrt(t)]));
  } finally {
    await session.release();
  }
}

const fromOrt = ({ type, dims, data }: OrtTensor): Tensor => ({
  dtype: type as Dtype,
  shape: dims,
  data: bytesOf(
    ArrayBuffer.isView(data) && data.constructor.name === 'Float16Array'
      ? new Uint16Array(data.buffer, data.byteOffset, data.length)
      : (data as Float32Array),
  ).slice(),
});

export const f32 = (shape: readonly number[], values: ArrayLike<number>): Tensor =>
  tensorFrom('float32', shape, Array.from(values));
export const listOf = (tensor: Tensor | undefined): number[] =>
  tensor === undefined
    ? []
    : Array.from(viewOf(tensor) as ArrayLike<number | bigint>, (v) =>
        tensor.dtype === 'float16' ? fromFloat16Bits(Number(v)) : Number(v),
      );
