import { makeFinding, type RawFinding } from '../../core/findings.ts';
import { lowerStored } from '../../formats/tfjs/precision.ts';
import { readModelJson } from '../../formats/tfjs/weights.ts';
import type { Observation } from '../../records/observation.ts';
import type { PerturbStep } from '../../records/variant.ts';
import type { KeyedModel } from '../model-key.ts';

/**
 * Weights that the model.json of a candidate says are stored in fewer bits than declared, and than its reference has them
 * (design 6.4). Reading it costs no step: it is a few kilobytes of text.
 */
export function inspectTfjs(
  { reference, candidate, step }: { reference: KeyedModel; candidate: KeyedModel; step: PerturbStep },
  facts: Observation['facts'],
): RawFinding[] {
  if (candidate.ref.format !== 'tfjs' || step !== 'float32') return [];
  const known = reference.ref.format === 'tfjs' ? readModelJson(reference.ref.path) : null;
  // A model in half precision is no finer in its conversion, and rightly so.
  if (known === null && isHalf(facts.parameterDtypes)) return [];
  const lower = lowerStored(readModelJson(candidate.ref.path), known);
  return lower.length === 0 ? [] : [makeFinding('precision-lower', 'candidate', { facts: lower })];
}

const isHalf = (dtypes: unknown): boolean =>
  Array.isArray(dtypes) && dtypes.some((dtype) => dtype === 'float16' || dtype === 'bfloat16');
