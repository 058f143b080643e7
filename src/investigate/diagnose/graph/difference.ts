import type { ModelEdit } from '../../../records/edit.ts';
import type { AttributeValue, OpNode } from '../../../records/graph.ts';
import type { Tensor } from '../../../tensor/tensor.ts';

/** An operand of a node: where a tensor is read. */
export interface Slot {
  readonly node: OpNode;
  readonly index: number;
}

/** One thing that the candidate has otherwise than the reference, around a divergence. */
export type Difference =
  | {
      readonly kind: 'attribute';
      readonly reference: OpNode;
      readonly candidate: OpNode;
      readonly name: string;
      /** Undefined: not there, the operator's default counts. */
      readonly from: AttributeValue | undefined;
      readonly to: AttributeValue | undefined;
    }
  /** Another value that both models hold. */
  | {
      readonly kind: 'constant';
      readonly reference: Slot;
      readonly candidate: Slot;
      readonly from: Tensor;
      readonly to: Tensor;
    }
  /** An optional operand that only one of them has: a bias, a bound, an initial state. `value`: what it holds, where it is fixed. */
  | {
      readonly kind: 'operand-lost' | 'operand-added';
      readonly reference: OpNode;
      readonly candidate: OpNode;
      readonly index: number;
      readonly tensor: string;
      readonly value: Tensor | undefined;
    }
  /** Another operator with the same operands. */
  | { readonly kind: 'operator'; readonly reference: OpNode; readonly candidate: OpNode; readonly output: number }
  /** The candidate's node stands between what both have. `through`: the operand that is what the reference has there. */
  | { readonly kind: 'added'; readonly candidate: OpNode; readonly through: number; readonly output: number }
  /** The reference's node is not there. `through`: its operand that is `tensor` of the candidate. */
  | {
      readonly kind: 'missing';
      readonly reference: OpNode;
      readonly through: number;
      readonly tensor: string;
      /** Where the candidate reads that tensor; null: it is what the divergence is about. */
      readonly at: Slot | null;
    }
  /** Operands `order[i]` of the reference's stand at i. */
  | {
      readonly kind: 'order';
      readonly reference: OpNode;
      readonly candidate: OpNode;
      readonly order: readonly number[];
    }
  /** It reads `to` where `from` (of the candidate, too) is what the reference reads. */
  | {
      readonly kind: 'wiring';
      readonly reference: OpNode;
      readonly candidate: OpNode;
      readonly index: number;
      readonly from: string;
      readonly to: string;
    }
  /** Other nodes altogether between the same tensors. */
  | {
      readonly kind: 'replaced';
      readonly tensors: { readonly reference: string; readonly candidate: string };
      readonly reference: readonly OpNode[];
      readonly candidate: readonly OpNode[];
      /** Reference's tensor → candidate's: where the two meet again. */
      readonly leaves: Readonly<Record<string, string>>;
    };

/** A difference with the edits that take it back in the candidate. */
export interface Revertible {
  readonly difference: Difference;
  readonly revert: readonly ModelEdit[];
}

/** The node of the candidate where the difference is, or of the reference where the candidate has none. */
export function nodeOf(difference: Difference): OpNode | undefined {
  switch (difference.kind) {
    case 'constant':
      return difference.reference.node;
    case 'replaced':
      return difference.reference[0] ?? difference.candidate[0];
    case 'added':
      return difference.candidate;
    default:
      return difference.reference;
  }
}
