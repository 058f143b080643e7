import { makeFinding, type RawFinding } from '../../core/findings.ts';
import type { DeclaredChange } from '../../records/artifact.ts';
import type { TensorSpec } from '../../records/contract.ts';
import { type Dtype, isFloat, isInteger } from '../../tensor/dtype.ts';

export interface DtypeChange {
  readonly where: string;
  readonly reference: Dtype | null;
  readonly candidate: Dtype | null;
  readonly specs: readonly TensorSpec[];
  readonly declared: DeclaredChange | undefined;
}

/** Null when the dtypes agree, or when one side does not say: an unknown dtype contradicts nothing. */
export function checkDtype({ where, reference, candidate, specs, declared }: DtypeChange): RawFinding | null {
  if (reference === null || candidate === null || reference === candidate) return null;
  const reason = declared?.dtype === candidate ? declared.reason : quantisedReason(reference, candidate, specs);
  const args = { reference, candidate };
  return reason === null
    ? makeFinding('dtype-changed', where, args)
    : makeFinding('dtype-declared', where, { ...args, reason });
}

/** Integers with a scale and a zero point are real numbers in another notation, and the contract says which. */
function quantisedReason(reference: Dtype, candidate: Dtype, specs: readonly TensorSpec[]): string | null {
  const crosses = isFloat(reference) ? isInteger(candidate) : isInteger(reference) && isFloat(candidate);
  const quantised = specs.some((spec) => spec.quantization !== undefined && spec.quantization.scales.length > 0);
  return crosses && quantised ? 'quantised by its own scale and zero point' : null;
}
