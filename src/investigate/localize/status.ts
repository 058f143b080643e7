import type { Pairing } from '../align/align.ts';
import { sameLayout } from '../align/layout.ts';
import type { Side } from '../align/side.ts';

/**
 * What is known of a tensor of the reference. `unknown` is no difference: the candidate may have fused or folded it away, or
 * it says too little (a scalar, a mask) to be found by its values.
 */
export type Status =
  | {
      readonly kind: 'agrees';
      readonly candidate: string;
      readonly error: number;
      readonly permutation?: readonly number[];
    }
  | { readonly kind: 'differs'; readonly candidate: string; readonly error: number }
  | { readonly kind: 'unknown' };

/** What is needed to tell: `OpenScene` has it. */
interface Aligned {
  readonly alignment: Pairing;
  readonly referenceSide: Side;
  readonly candidateSide: Side;
  readonly toleranceOf: (tensor: string) => number;
}

export type StatusOf = (tensor: string) => Status;

/**
 * Places overrule values: where the tensor that stands in the reference's place holds something else, the quantity is wrong
 * from there on, even if its right value still exists behind it (a step that was added). A place that metadata or the
 * structure before it suggest is overruled by values.
 */
export function statuses({
  alignment: pairing,
  referenceSide: reference,
  candidateSide: candidate,
  toleranceOf: tolerance,
}: Aligned): StatusOf {
  const inputs = new Set(reference.graph.inputs);
  const straight = sameLayout(reference.graph.format, candidate.graph.format);
  const known = new Map<string, Status>();
  const find = (tensor: string): Status => {
    const own = pairing.counterpart(tensor);
    // Where layouts are the same, values in another order of axes are right only where nothing stands in their place.
    const [same] = pairing.equals(tensor).filter((m) => own === undefined || !straight || m.permutation === undefined);
    if (own !== undefined && (own.error <= tolerance(tensor) || inputs.has(tensor))) return { kind: 'agrees', ...own };
    if (
      same !== undefined &&
      (own === undefined || own.by === 'metadata' || (own.by === 'structure' && own.read !== true))
    )
      return { kind: 'agrees', ...same };
    if (own !== undefined) return { kind: 'differs', candidate: own.candidate, error: own.error };
    return { kind: 'unknown' };
  };
  return (tensor) => {
    const status = known.get(tensor) ?? find(tensor);
    known.set(tensor, status);
    return status;
  };
}
