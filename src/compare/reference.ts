import { makeFinding, type RawFinding } from '../core/findings.ts';
import type { Observation } from '../records/observation.ts';

/** A reference in training mode (dropout, batch statistics) is no judge. `facts.training` names the modules. */
export function trainingFinding({ facts }: Pick<Observation, 'facts'>): RawFinding | null {
  const { training } = facts;
  const modules = Array.isArray(training) ? training.map(String) : training === true ? ['the model'] : [];
  return modules.length === 0 ? null : makeFinding('reference-training', 'reference', { modules });
}
