import type { TensorSpec } from '../../records/contract.ts';
import type { NamedTensors, Tensor } from '../../tensor/tensor.ts';
import { isQuantised, quantisationStep } from '../values/dequantise.ts';
import type { NumericView } from '../values/kernel.ts';
import { prepare } from '../values/operands.ts';
import { sameShape } from '../values/shapes.ts';
import { measureRounding, type SampleRounding } from './measure.ts';
import type { VariedOutputs } from './variations.ts';

export interface OutputVariations {
  readonly sample: string;
  readonly reference: Tensor;
  readonly candidate: Tensor;
  readonly referenceSpec: TensorSpec;
  readonly candidateSpec: TensorSpec;
  readonly varied: VariedOutputs;
  /** Finds this output among a side's tensors. */
  readonly find: (tensors: NamedTensors, side: 'reference' | 'candidate') => Tensor | undefined;
}

/** How far one output is off in one sample, and how far rounding moves it. Null: not numbers, another shape, or bit-identical. */
export function outputRounding(input: OutputVariations): SampleRounding | null {
  const { sample, reference, candidate, referenceSpec, candidateSpec, varied, find } = input;
  if (!sameShape(reference.shape, candidate.shape)) return null;
  const operands = prepare(
    { tensor: reference, quantization: referenceSpec.quantization },
    { tensor: candidate, quantization: candidateSpec.quantization },
    false,
    false,
  );
  if (operands === null || operands.kind !== 'number' || operands.storage !== 'numbers' || operands.identical)
    return null;
  const view = (tensors: NamedTensors | null, side: 'reference' | 'candidate'): NumericView | null => {
    const tensor = tensors === null ? undefined : find(tensors, side);
    if (tensor === undefined || !sameShape(tensor.shape, reference.shape)) return null;
    const { quantization } = side === 'reference' ? referenceSpec : candidateSpec;
    const pair = prepare({ tensor, quantization }, { tensor, quantization }, false, false);
    return pair !== null && pair.storage === 'numbers' ? pair.reference : null;
  };
  const views = (list: readonly NamedTensors[]): NumericView[] => list.flatMap((t) => view(t, 'reference') ?? []);
  const reference64 = view(varied.reference64, 'reference');
  return measureRounding({
    sample,
    shape: reference.shape,
    reference: operands.reference,
    candidate: operands.candidate,
    step: isQuantised(reference, referenceSpec.quantization) ? quantisationStep(referenceSpec.quantization) : 0,
    perturbed: views(varied.perturbed),
    twins:
      reference64 === null
        ? null
        : {
            reference: reference64,
            candidate: view(varied.candidate64, 'candidate'),
            perturbed: views(varied.perturbed64),
            accumulated: views(varied.accumulated64),
          },
  });
}
