import { OnparError } from '../../core/errors.ts';
import { cast, firstLoss } from '../../tensor/build.ts';
import { type Dtype, isFloat, isInteger } from '../../tensor/dtype.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { bytesOf, type TypedArray, viewBytes } from '../../tensor/views.ts';
import type { Tf, TfTensor, TfValues } from './tf.ts';

/**
 * A tensor as the model takes it. TensorFlow.js has one float and one integer: wider floats are rounded to float32, as whoever
 * deploys the model must, and integers have to fit into int32. Throws OnparError `input-mismatch`.
 */
export function toTf(tf: Tf, name: string, tensor: Tensor, dtype: Dtype | null): TfTensor {
  const { shape } = tensor;
  const wanted = dtype ?? narrow(tensor.dtype);
  if (wanted === 'string' && tensor.dtype === 'string') return tf.tensor(tensor.strings ?? [], shape, 'string');
  if (wanted === 'bool' && tensor.dtype === 'bool') return tf.tensor(viewBytes('bool', tensor.data), shape, 'bool');
  if (wanted === 'float32' && isFloat(tensor.dtype))
    return tf.tensor(viewBytes('float32', cast(tensor, 'float32').data), shape, 'float32');
  if (wanted !== null && isInteger(wanted) && isInteger(tensor.dtype)) {
    const lost = firstLoss(tensor, wanted === 'int64' ? 'int32' : wanted);
    if (lost >= 0) {
      throw new OnparError({
        code: 'input-mismatch',
        message: `input ${name} is ${tensor.dtype}, and its element ${lost} does not fit into ${wanted === 'int64' ? 'int32, the only integer of TensorFlow.js' : wanted}`,
        fix: 'keep that input within this range (`range:` in the suite)',
        exitCode: 1,
      });
    }
    return tf.tensor(viewBytes('int32', cast(tensor, 'int32').data), shape, 'int32');
  }
  throw new OnparError({
    code: 'input-mismatch',
    message: `input ${name} is ${tensor.dtype}; the model takes ${wanted ?? 'a dtype that TensorFlow.js does not have'}`,
    fix: `declare it as ${wanted ?? 'float32, int32, bool or string'} in the suite’s \`inputs:\``,
    exitCode: 1,
  });
}

const narrow = (dtype: Dtype): Dtype => (isFloat(dtype) ? 'float32' : isInteger(dtype) ? 'int32' : dtype);

/** What came out. Throws OnparError `run-failed` for complex numbers. */
export async function fromTf(name: string, tensor: TfTensor): Promise<Tensor> {
  const { dtype } = tensor;
  const shape = [...tensor.shape];
  if (dtype === 'complex64') {
    throw new OnparError({
      code: 'run-failed',
      message: `output ${name} is complex64, which onpar does not compare`,
      fix: 'give its real and imaginary parts as two outputs',
      exitCode: 1,
    });
  }
  const values: TfValues | BigInt64Array = await tensor.data();
  if (dtype === 'string') return { dtype, shape, data: new Uint8Array(0), strings: [...(values as readonly string[])] };
  // What TensorFlow's library gives of a SavedModel keeps its 64 bits, whatever the tensor calls itself.
  if (values instanceof BigInt64Array) return { dtype: 'int64', shape, data: bytesOf(values).slice() };
  // A copy: the memory of WebAssembly moves when it grows.
  return { dtype, shape, data: bytesOf(values as TypedArray).slice() };
}
