import type { TensorSpec } from '../../records/contract.ts';
import type { Tensor } from '../../tensor/tensor.ts';

/** One tensor of either side, with what its contract says about it. */
export interface GateSide {
  readonly tensor: Tensor;
  readonly spec: TensorSpec;
}

/** One output of one sample, as a gate sees it. */
export interface GateInput {
  readonly reference: GateSide;
  readonly candidate: GateSide;
  /** Another output of the same sample by the reference's name for it; undefined where either side lacks it. */
  readonly beside: (output: string) => { readonly reference: GateSide; readonly candidate: GateSide } | undefined;
  /** A label tensor of this sample, and its first row that counts; undefined where the sample has none. */
  readonly labels: (name: string) => { readonly tensor: Tensor; readonly from: number } | undefined;
}

/** What one sample adds to a gate: the share that is judged is `got / of`, summed over samples. */
export interface Tally {
  readonly got: number;
  readonly of: number;
  /** Rows, labels or boxes behind it. */
  readonly counted: number;
  /** The worst row: its indices before the judged axis, and what is wrong there. Null when nothing is. */
  readonly worst: { readonly row: readonly number[]; readonly what: string } | null;
}

/** Why a gate cannot be asked here, as the end of a sentence. Null in place of it: the sample says nothing, and need not. */
export class Unjudgeable {
  readonly why: string;
  constructor(why: string) {
    this.why = why;
  }
}

/** One kind of task gate. */
export interface Gate<R> {
  /** What is asked, as a person reads it. */
  readonly asked: (rule: R) => string;
  /** Null: this sample is not one that the gate asks about (it has no labels). */
  readonly tally: (rule: R, input: GateInput) => Tally | Unjudgeable | null;
  /** Why nothing could be counted although samples were looked at. */
  readonly nothing: (rule: R) => string;
}
