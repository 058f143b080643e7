import type { Quantization } from '../../records/contract.ts';
import { isInteger } from '../../tensor/dtype.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { toFloat64 } from '../../tensor/values.ts';

/** Whether a tensor stores real numbers as integers; a model may declare parameters and still answer in floats. */
export const isQuantised = (tensor: Tensor, quantization: Quantization | undefined): quantization is Quantization =>
  quantization !== undefined && quantization.scales.length > 0 && isInteger(tensor.dtype);

/** real = scale · (stored − zeroPoint), per tensor or along `axis`, in double precision. */
export function dequantise(tensor: Tensor, { scales, zeroPoints, axis }: Quantization): Float64Array {
  const values = Float64Array.from(toFloat64(tensor));
  const { shape } = tensor;
  // Elements that share one index of the axis lie in runs of `inner`.
  const perAxis = scales.length > 1 && axis !== undefined;
  const at = axis === undefined ? 0 : axis < 0 ? axis + shape.length : axis;
  const inner = perAxis ? shape.slice(at + 1).reduce((n, d) => n * d, 1) : values.length;
  for (let i = 0; i < values.length; i++) {
    const channel = perAxis ? Math.floor(i / inner) % scales.length : 0;
    values[i] = (scales[channel] ?? 1) * ((values[i] as number) - (zeroPoints[channel] ?? zeroPoints[0] ?? 0));
  }
  return values;
}

/** The coarsest step that the stored integers can make. */
export const quantisationStep = ({ scales }: Quantization): number => Math.max(...scales.map(Math.abs));
