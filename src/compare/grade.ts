import type { Grade } from '../records/verdict.ts';
import type { Moments } from './values/moments.ts';

/** Design 6.5: up to 0.1 % of scale is `close`, up to 5 % `different`, beyond that `broken`. */
export const CLOSE = 1e-3;
export const DIFFERENT = 5e-2;

export interface GradeInput {
  readonly moments: Moments;
  readonly identical: boolean;
  /** Whether every element lies within rounding: the auto table, whatever rule the user gave. */
  readonly rounding: boolean;
}

/** How far apart two tensors of the same shape are. Rules move the gate, never the grade. */
export function gradeOf({ moments, identical, rounding }: GradeInput): Grade {
  if (moments.nanMismatches + moments.infMismatches > 0) return 'broken';
  if (identical) return 'identical';
  if (rounding) return 'equivalent';
  return moments.kind === 'number' ? gradeByScale(moments) : gradeExact(moments);
}

/** Of an output that is all zeros every share is infinite: any difference beyond the tolerance is `broken`. */
export function gradeByScale({ maxAbs, scale }: Pick<Moments, 'maxAbs' | 'scale'>): Grade {
  const scaled = maxAbs / scale;
  if (scaled <= CLOSE) return 'close';
  return scaled <= DIFFERENT ? 'different' : 'broken';
}

/**
 * Integers, booleans and strings have no rounding, so no `close`. `different` when few elements differ, or when integers
 * differ by little of their own size (an 8-bit image off by one); else `broken`.
 */
function gradeExact({ kind, violations, elements, maxAbs, scale }: Moments): Grade {
  if (violations <= DIFFERENT * elements) return 'different';
  return kind === 'integer' && maxAbs <= DIFFERENT * scale ? 'different' : 'broken';
}
