import { toFloat64 } from '../../tensor/values.ts';
import { lessPrecise } from '../tolerance/dtype-table.ts';
import { autoBounds } from '../tolerance/limits.ts';
import { dequantise, isQuantised, quantisationStep } from '../values/dequantise.ts';
import { type Bounds, rms } from '../values/kernel.ts';
import type { GateInput, GateSide } from './gate.ts';

/** The real numbers of a side: quantised integers by their own scale and zero point. TypeError for strings. */
export const realOf = ({ tensor, spec }: GateSide): Float64Array =>
  isQuantised(tensor, spec.quantization) ? dequantise(tensor, spec.quantization) : toFloat64(tensor);

/** Within these bounds two scores of the reference are equal, so that which of them comes first is chance. */
export function tieBounds({ reference, candidate }: Pick<GateInput, 'reference' | 'candidate'>): Bounds {
  const scale = rms(realOf(reference));
  const { tensor, spec } = reference;
  return autoBounds({
    dtype: lessPrecise(tensor.dtype, candidate.tensor.dtype),
    scale,
    outputScale: scale,
    referenceStep: isQuantised(tensor, spec.quantization) ? quantisationStep(spec.quantization) : 0,
  });
}

/** Place of the largest of a row, the first NaN before all, as numpy has it. */
export function bestOf(values: Float64Array, start: number, step: number, columns: number): number {
  let best = 0;
  for (let j = 0; j < columns; j++) {
    const value = values[start + j * step] as number;
    if (Number.isNaN(value)) return j;
    if (value > (values[start + best * step] as number)) best = j;
  }
  return best;
}
