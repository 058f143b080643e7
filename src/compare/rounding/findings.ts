import { makeFinding, type RawFinding } from '../../core/findings.ts';
import type { Rounding } from '../../records/comparison.ts';
import type { OutputRule } from '../tolerance/rules.ts';
import type { Decision } from './decide.ts';

/** What the instruments say of one output: why an error is no rounding, or why they cannot tell. */
export function roundingFindings(
  where: string,
  decision: Decision | null,
  { rule, gate, judgedWith }: OutputRule,
): RawFinding[] {
  if (decision === null) return [];
  const { rounding, distrusted } = decision;
  const distrust = distrusted ? [makeFinding('float64-distrusted', where)] : [];
  const beyond = horizonFinding(where, rounding);
  // A tolerance or task gate of the user's own decides; what the instruments say is in the record.
  if (gate !== null || judgedWith !== null) return distrust;
  if (rule.kind !== 'auto' && rule.kind !== 'preset') return distrust;
  if (decision.answer === 'silent') {
    const args = { samples: rounding.samples, unstable: rounding.unstable };
    return [makeFinding('ill-conditioned', where, args), ...distrust];
  }
  return [...causeFindings(where, decision), ...beyond, ...distrust];
}

function causeFindings(where: string, { answer, cause, rounding }: Decision): RawFinding[] {
  if (answer !== 'fault') return [];
  const at = { ...rounding.worst };
  if (cause === 'function')
    return [makeFinding('function-differs', where, { ...rounding.function, step: rounding.step, ...at })];
  if (cause === 'computation') return [makeFinding('computed-badly', where, { ...rounding.computation, ...at })];
  const { ratio, limit, reach, step } = rounding;
  return [makeFinding('beyond-noise-floor', where, { ratio, limit, reach, step, ...at })];
}

function horizonFinding(where: string, { informative, samples, horizon }: Rounding): RawFinding[] {
  if (informative === samples && horizon === null) return [];
  return [makeFinding('partly-ill-conditioned', where, { informative, samples, ...horizon })];
}
