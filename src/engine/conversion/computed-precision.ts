import { makeFinding, type RawFinding } from '../../core/findings.ts';
import type { Observation } from '../../records/observation.ts';
import { PERTURB_STEPS, type PerturbStep } from '../../records/variant.ts';

type Facts = Observation['facts'];

/**
 * TF32 rounds to 10 bits of mantissa like float16, with the exponents of float32 (NVIDIA, “Accelerating AI Training with
 * TF32 Tensor Cores”): its step is float16's.
 */
const TF32 = 'tf32';

/** A precision that a runtime told as a fact, or null where it told none or one that has no step. */
const stepOf = (told: unknown): PerturbStep | null =>
  PERTURB_STEPS.find((step) => step === (told === TF32 ? 'float16' : told)) ?? null;

/** From fine to coarse, as the steps are listed. */
const coarseness = (step: PerturbStep | null): number => (step === null ? -1 : PERTURB_STEPS.indexOf(step));

/** The precision that the user asked the runtime itself for, which is thereby declared. */
export const declaredByRuntime = (facts: Facts): PerturbStep | null => stepOf(facts.declaredPrecision);

/**
 * A runtime that computes in fewer bits than its model is stored in, as some do unasked on processors that are fast at it,
 * says so (`facts.computesIn`). Coarser than declared and coarser than the reference computes: a finding (design 6.4).
 */
export function computedLower(reference: Facts, candidate: Facts, declared: PerturbStep): RawFinding[] {
  const works = stepOf(candidate.computesIn);
  if (works === null || coarseness(works) <= Math.max(coarseness(declared), coarseness(stepOf(reference.computesIn))))
    return [];
  return [makeFinding('precision-lower', 'candidate', { facts: [`its runtime computes in ${candidate.computesIn}`] })];
}
