import type { ToleranceRule } from '../../records/rules.ts';
import type { Bounds } from '../values/kernel.ts';
import { DTYPE_TABLE, type FloatDtype } from './dtype-table.ts';
import { PRESETS } from './presets.ts';

/** What is known about one output in one sample before its elements are compared. */
export interface LimitContext {
  /** The less precise float dtype of both sides. */
  readonly dtype: FloatDtype;
  /** rms of the reference in this sample; NaN when it has no finite element. */
  readonly scale: number;
  /** rms of the reference over all samples. */
  readonly outputScale: number;
  /** One output step of a quantised reference, else 0. */
  readonly referenceStep: number;
}

const orZero = (scale: number): number => (Number.isNaN(scale) ? 0 : scale);

/**
 * What counts as rounding where nothing was measured: before the noise floor and float64 are asked (rounding/), which is
 * only done when outputs differ, and where neither is to be had.
 *
 * The absolute part grows with the rms of the output: the rounding error of a network scales with its output as a
 * whole and not with each element, so an element near zero in an output of rms 100 carries the error of 100.
 * A quantised reference cannot say where between two steps its value lies; the candidate's own step excuses nothing.
 */
export function autoBounds({ dtype, scale, referenceStep }: LimitContext): Bounds {
  const { atol, rtol } = DTYPE_TABLE[dtype];
  return { atol: atol * Math.max(1, orZero(scale)) + referenceStep, rtol };
}

/**
 * The bounds that a rule sets for one sample. An expression has none: its elements are counted against `auto`.
 * `measured`: what rounding was seen to do here, times its limit; it takes the place of the table and of the presets.
 */
export function boundsOf(rule: ToleranceRule, context: LimitContext, measured?: number): Bounds {
  const auto = measured === undefined ? autoBounds(context) : { atol: measured, rtol: 0 };
  switch (rule.kind) {
    case 'auto':
    case 'expression':
      return auto;
    case 'bounds':
      return { atol: rule.atol, rtol: rule.rtol };
    case 'relative':
      // No share of an output that is all zeros means anything; rounding is what is left.
      return orZero(context.scale) === 0 ? auto : { atol: rule.fraction * context.scale, rtol: 0 };
    case 'preset':
      if (measured !== undefined) return auto;
      return rule.preset === 'float32'
        ? autoBounds({ ...context, dtype: 'float32' })
        : presetBounds(rule.preset, context, auto);
  }
}

function presetBounds(preset: keyof typeof PRESETS, context: LimitContext, auto: Bounds): Bounds {
  const { rtol, ofScale, scale } = PRESETS[preset];
  const base = orZero(context.scale);
  const size = scale === 'output' ? Math.max(base, orZero(context.outputScale)) : base;
  return { atol: Math.max(auto.atol, ofScale * size), rtol: Math.max(auto.rtol, rtol) };
}
