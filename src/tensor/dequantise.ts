import { isInteger } from './dtype.ts';
import type { Tensor } from './tensor.ts';
import { toFloat64 } from './values.ts';

/** The grid of real numbers that integers stand for: one step and zero point, or one of each along `axis`. */
interface Grid {
  readonly scales: readonly number[];
  readonly zeroPoints: readonly number[];
  readonly axis?: number | undefined;
}

/** Whether a tensor stores real numbers as integers; a model may declare parameters and still answer in floats. */
export const isQuantised = <G extends Grid>(
  tensor: Pick<Tensor, 'dtype'>,
  quantization: G | undefined,
): quantization is G => quantization !== undefined && quantization.scales.length > 0 && isInteger(tensor.dtype);

/** real = scale · (stored − zeroPoint), per tensor or along `axis`, in double precision. */
export function dequantise(tensor: Tensor, { scales, zeroPoints, axis }: Grid): Float64Array {
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
export const quantisationStep = ({ scales }: Grid): number => Math.max(...scales.map(Math.abs));
