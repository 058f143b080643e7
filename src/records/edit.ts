import type { Tensor } from '../tensor/tensor.ts';
import type { AttributeValue } from './graph.ts';

/** An operand of a node that an edit adds: a tensor of the graph by name, or a value that becomes a constant. */
export type Operand = string | Tensor;

/**
 * A change of a model's graph, as data: what an experiment tries, what the report tells, and what a repair writes. Nodes are
 * named by their id, tensors by their name in the graph's own format.
 */
export type ModelEdit =
  /** Sets an attribute; null removes it, so that the operator's default counts. */
  | {
      readonly edit: 'attribute';
      readonly node: string;
      readonly name: string;
      readonly value: AttributeValue | Tensor;
    }
  /** Another operator with the same operands; attributes that it does not have are dropped. */
  | { readonly edit: 'operator'; readonly node: string; readonly op: string }
  /** Another value for a constant, wherever it is used. */
  | { readonly edit: 'constant'; readonly tensor: string; readonly value: Tensor }
  /** An operand of one node alone: a constant of its own, another tensor of the graph, or null to leave it out. */
  | { readonly edit: 'operand'; readonly node: string; readonly index: number; readonly value: Operand | null }
  /** A tensor is this value from now on, whatever made it: everything behind it sees the value, everything else does not change. */
  | { readonly edit: 'fix'; readonly tensor: string; readonly value: Tensor }
  /** An operator between a tensor and all that read it (the graph's output included); `operands` stand behind the tensor. */
  | {
      readonly edit: 'insert';
      readonly tensor: string;
      readonly op: string;
      readonly operands?: readonly Operand[];
      readonly attributes?: Readonly<Record<string, AttributeValue>>;
    }
  /** Likewise between a tensor and one operand of one node. */
  | {
      readonly edit: 'insert-before';
      readonly node: string;
      readonly index: number;
      readonly op: string;
      readonly operands?: readonly Operand[];
      readonly attributes?: Readonly<Record<string, AttributeValue>>;
    }
  /** A node is left out: whoever read its first output reads its operand `index`. */
  | { readonly edit: 'bypass'; readonly node: string; readonly index: number }
  /**
   * A part of the model is replaced by a part of another model of the same format: `outputs` maps tensors of this model to
   * tensors of the other, whose producers are copied up to the tensors in `inputs` (other's name → this model's name);
   * constants come along. What nobody reads any more is dropped.
   */
  | {
      readonly edit: 'transplant';
      readonly from: string;
      readonly outputs: Readonly<Record<string, string>>;
      readonly inputs: Readonly<Record<string, string>>;
    }
  /** Inputs or outputs of the model in another order of axes: a transposition behind the input, or before the output. */
  | { readonly edit: 'permute'; readonly tensor: string; readonly permutation: readonly number[] }
  /** These nodes compute in float32, with casts where they meet others. */
  | { readonly edit: 'float32-island'; readonly nodes: readonly string[] };
