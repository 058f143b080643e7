import { OnparError } from '../core/errors.ts';
import type { IoContract, Quantization, TensorSpec } from '../records/contract.ts';
import { cast, firstLoss } from '../tensor/build.ts';
import { type Dtype, isFloat, isInteger } from '../tensor/dtype.ts';
import { dtypeLimits } from '../tensor/limits.ts';
import type { NamedTensors, Tensor } from '../tensor/tensor.ts';
import { toFloat64 } from '../tensor/values.ts';
import { allocate, bytesOf } from '../tensor/views.ts';
import { asHalf } from './feeding.ts';

const refused = (message: string, fix?: string): OnparError =>
  new OnparError({ code: 'input-mismatch', message, exitCode: 1, ...(fix === undefined ? {} : { fix }) });

/**
 * A sample's tensors for the inputs of a contract, in its order: floats are quantised to integers by the input's own
 * parameters and rounded to floats of 16 bits; any other dtype is taken only where every value survives the cast. The same
 * rules as converters/host/onpar_host/feeding.py. Throws OnparError `input-mismatch`.
 */
export function fitSample(sample: NamedTensors, { inputs, names }: IoContract): Tensor[] {
  const byName = inputs.every(({ name }) => sample.has(name)) && sample.size === inputs.length;
  if (!byName && (names === 'declared' || sample.size !== inputs.length)) {
    throw refused(
      `the sample has ${[...sample.keys()].join(', ') || 'no inputs'}; the model takes ${inputs.map((i) => i.name).join(', ')}`,
      'name the suite’s inputs as the model does, or map them',
    );
  }
  const tensors = byName ? inputs.map(({ name }) => sample.get(name) as Tensor) : [...sample.values()];
  return inputs.map((spec, index) => fitTensor(tensors[index] as Tensor, spec));
}

function fitTensor(tensor: Tensor, spec: TensorSpec): Tensor {
  checkShape(tensor, spec);
  const { dtype, quantization, name } = spec;
  if (dtype === null || tensor.dtype === dtype) return tensor;
  if (quantization !== undefined && isFloat(tensor.dtype) && isSmallInteger(dtype))
    return quantise(tensor, quantization, dtype);
  const half = asHalf(tensor, dtype);
  if (half.dtype === dtype) return half;
  if (dtype === 'string' || firstLoss(tensor, dtype) !== -1) {
    throw refused(
      `input ${name} is ${tensor.dtype}; the model takes ${dtype}, and not every value survives the cast`,
      `declare \`dtype: ${dtype}\` for input ${name}`,
    );
  }
  return cast(tensor, dtype);
}

function checkShape({ shape: has }: Tensor, { name, shape }: TensorSpec): void {
  if (shape === null) return;
  const fits = shape.length === has.length && shape.every((d, i) => typeof d !== 'number' || d === has[i]);
  if (!fits) {
    throw refused(
      `input ${name} has shape [${has.join(', ')}]; the model takes [${shape.map((d) => (typeof d === 'number' ? d : '?')).join(', ')}]`,
    );
  }
}

/** Integers that a number holds exactly: no quantisation stores wider ones. */
type SmallInteger = Extract<Dtype, 'int32' | 'int16' | 'int8' | 'uint32' | 'uint16' | 'uint8'>;
const isSmallInteger = (dtype: Dtype): dtype is SmallInteger => isInteger(dtype) && !dtype.endsWith('64');

/** Real numbers as the model stores them: half away from zero, saturated; NaN becomes zero. */
function quantise(tensor: Tensor, { scales, zeroPoints, axis }: Quantization, dtype: SmallInteger): Tensor {
  const real = toFloat64(tensor);
  const stored = allocate(dtype, real.length);
  const [low, high] = dtypeLimits(dtype);
  // Elements that share one index of the axis lie in runs of `inner`.
  const perAxis = scales.length > 1 && axis !== undefined;
  const inner = perAxis ? tensor.shape.slice(axis + 1).reduce((n, d) => n * d, 1) : real.length;
  for (let i = 0; i < real.length; i++) {
    const channel = perAxis ? Math.floor(i / inner) % scales.length : 0;
    const steps = (real[i] as number) / (scales[channel] as number);
    const away = Number.isNaN(steps) ? 0 : Math.trunc(steps + (steps < 0 ? -0.5 : 0.5));
    stored[i] = Math.min(Math.max(away + (zeroPoints[channel] ?? zeroPoints[0] ?? 0), low), high);
  }
  return { dtype, shape: tensor.shape, data: bytesOf(stored) };
}
