import type { Conversion } from '../../plan/conversion.ts';
import { PERTURB_STEPS, type PerturbStep } from '../../records/variant.ts';
import { declaredByRuntime } from './computed-precision.ts';
import type { Trace } from './trace.ts';

/** One scale for 65,536 steps per tensor: finer than half precision for all but the smallest of its weights. */
const UINT16 = 'uint16';
/** What exporters call weights in integers of 8 bits. */
const INT8 = /^(int8|uint8|dynamic-range|int16x8)/;

/**
 * The precision whose rounding a conversion declares, and which is therefore legitimate: the exporter's own word first, else
 * a preset that the user gave as tolerance or the precision that was asked of the candidate's runtime. Of several the coarsest
 * counts.
 */
export function declaredStep({ rules }: Conversion, { artifact, candidate }: Trace): PerturbStep {
  const made = artifact?.value.precision ?? 'float32';
  const presets = Object.values(rules.tolerances).flatMap((rule) => (rule.kind === 'preset' ? [rule.preset] : []));
  const asked = candidate === null ? null : declaredByRuntime(candidate.value.facts);
  const named = [made, ...presets, ...(asked === null ? [] : [asked])].map((name): PerturbStep => {
    if (INT8.test(name)) return 'int8';
    if (name === UINT16) return 'float16';
    return PERTURB_STEPS.find((step) => step === name) ?? 'float32';
  });
  return PERTURB_STEPS.findLast((step) => named.includes(step)) ?? 'float32';
}
