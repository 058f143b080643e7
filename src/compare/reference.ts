import { makeFinding, type RawFinding } from '../core/findings.ts';
import type { Observation } from '../records/observation.ts';

/**
 * Why a reference is no judge, or null. In training mode dropout and batch statistics make its answers chance;
 * a model that writes into its inputs answers something else the next time. What takes a second run to see is judged in
 * fitness/.
 */
export function unfitReference({ facts }: Readonly<Pick<Observation, 'facts'>>): RawFinding | null {
  const training = names(facts.training);
  if (training.length > 0) return makeFinding('reference-training', 'reference', { modules: training });
  const mutated = names(facts.mutatedInputs);
  return mutated.length > 0 ? makeFinding('reference-mutates-inputs', 'reference', { inputs: mutated }) : null;
}

const names = (fact: unknown): string[] =>
  Array.isArray(fact) ? fact.map(String) : fact === true ? ['the model'] : [];
