import type { NamedTensors } from '../../tensor/tensor.ts';
import type { CaseFacts, Lab } from '../lab.ts';
import { distance, wrongness } from '../measure.ts';

/** Outputs that failed; all of them where none is said to have. */
export const asked = <T extends { readonly failed: boolean }>(outputs: readonly T[]): readonly T[] =>
  outputs.some((o) => o.failed) ? outputs.filter((o) => o.failed) : outputs;

/** Largest error of the failing outputs as they were judged. Null: they were not. */
export function observedError(lab: Lab, sample: string): number | null {
  const { reference, candidate } = lab.observed(sample);
  return errorOfOutputs(lab.facts, reference, candidate);
}

/** Largest error of the failing outputs, by the names of the contracts. Null: a side has none of them. */
export function errorOfOutputs(
  { outputs }: Pick<CaseFacts, 'outputs'>,
  reference: NamedTensors | null,
  candidate: NamedTensors | null,
): number | null {
  const errors = asked(outputs).flatMap((output) => {
    const [a, b] = [reference?.get(output.reference), candidate?.get(output.candidate)];
    return a === undefined || b === undefined ? [] : [wrongness(distance(a, b))];
  });
  return errors.length === 0 ? null : Math.max(...errors);
}
