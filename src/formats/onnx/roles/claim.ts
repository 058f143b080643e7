import type { TensorSpec } from '../../../records/contract.ts';
import type { InputRole } from '../../../records/rules.ts';
import type { GraphView, Use } from './graph.ts';

/** What one use of an input says about it. */
export interface Claim {
  readonly role: InputRole;
  /** Legal values, inclusive; left out where the use bounds nothing. */
  readonly range?: readonly [number, number];
  /** Dynamic dimensions whose size the values stay below. */
  readonly below?: readonly string[];
  /** Completes "INPUT is ROLE: …". */
  readonly because: string;
}

/** A tensor that carries an input's values on their way through the graph. */
export interface Carried {
  readonly tensor: string;
  /**
   * `value`: scale · x + offset; `condition`: a truth value made of x; `gated`: something that such a condition chose;
   * `added`: x was added to computed numbers; `angle`: x times a list of frequencies.
   */
  readonly kind: 'value' | 'condition' | 'gated' | 'added' | 'angle';
  readonly scale: number;
  readonly offset: number;
  /** False where scale and offset are means over channels. */
  readonly exact: boolean;
  readonly isInteger: boolean;
  /** A division of integers that has not been rounded yet. */
  readonly isQuotient: boolean;
  /** An axis was put in, as masks and lengths do before they meet features. */
  readonly isBroadcast: boolean;
  /** A slice was taken: differences of two are steps of a sorted list. */
  readonly isSliced: boolean;
}

/** Where the values go on to, and what this use says. */
export interface Step {
  readonly next: readonly Carried[];
  readonly claims: readonly Claim[];
}

/** Everything a rule may look at. */
export interface Place {
  readonly use: Use;
  readonly carried: Carried;
  readonly input: TensorSpec;
  readonly graph: GraphView;
}

/** Looks at one use of an input's values; undefined when the operator is none of its own. The first that answers counts. */
export type Rule = (place: Place) => Step | undefined;
