import type { Pairing } from '../align/align.ts';
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

export type StatusOf = (tensor: string) => Status;

/**
 * Places overrule values: where the tensor that stands in the reference's place holds something else, the quantity is wrong
 * from there on, even if its right value still exists behind it (a step that was added). A place that only structure
 * suggests is overruled by values.
 */
export function statuses(pairing: Pairing, reference: Side, tolerance: (tensor: string) => number): StatusOf {
  const inputs = new Set(reference.graph.inputs);
  const known = new Map<string, Status>();
  const find = (tensor: string): Status => {
    const own = pairing.counterpart(tensor);
    const [same] = pairing.equals(tensor);
    if (own !== undefined && (own.error <= tolerance(tensor) || inputs.has(tensor))) return { kind: 'agrees', ...own };
    if (same !== undefined && (own === undefined || own.by === 'structure' || own.by === 'metadata'))
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
