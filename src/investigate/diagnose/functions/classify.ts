import type { DiagnosisCode } from '../../../core/diagnosis-catalogue.ts';
import type { Unary } from './unary.ts';

export interface Cause {
  readonly code: DiagnosisCode;
  readonly args: Readonly<Record<string, unknown>>;
}

/** What it is called when the reference computes one function of a value and the candidate another. */
export function causeOf(reference: Unary, candidate: Unary): Cause {
  const change = { from: reference.name, to: candidate.name };
  const families = new Set([reference.family, candidate.family]);
  // Bounds are lost, added and moved; and a ReLU is the bound at zero of a clip.
  if (families.has('bounds') && [...families].every((f) => f === 'bounds' || f === 'identity'))
    return { code: 'clipping-differs', args: change };
  if (families.has('bounds') && [reference, candidate].some((f) => f.name === 'ReLU'))
    return { code: 'clipping-differs', args: change };
  if (candidate.family === 'identity')
    return reference.family === 'activation'
      ? { code: 'activation-missing', args: { activation: reference.name } }
      : { code: 'operator-missing', args: { operator: reference.name } };
  if (reference.family === 'identity')
    return candidate.family === 'activation'
      ? { code: 'activation-added', args: { activation: candidate.name } }
      : { code: 'operator-added', args: { operator: candidate.name } };
  if ([...families].every((f) => f === 'activation' || f === 'bounds'))
    return { code: 'activation-variant', args: change };
  if (families.size === 1 && families.has('rounding'))
    return { code: signsOnly(reference, candidate) ? 'integer-arithmetic' : 'operator-differs', args: change };
  return { code: 'operator-differs', args: change };
}

/** Floor for truncation parts for negative numbers alone, one rounding for another at halves alone: the same operator of another rule. */
const signsOnly = (a: Unary, b: Unary): boolean => {
  const names = new Set([a.name, b.name]);
  return (names.has('floor') && names.has('truncation')) || [a, b].every(({ name }) => name.startsWith('rounding'));
};
