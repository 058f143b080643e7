import type { Observation } from '../records/observation.ts';
import type { PerturbStep } from '../records/variant.ts';
import type { Spread } from './fitness/fitness.ts';

/** One more observation of the same samples, of a variant of a model. Samples it lacks were left out to save time. */
export interface Variation {
  readonly observation: Observation;
  /** Folder that the observation's `file`s are relative to. */
  readonly dir: string;
}

/**
 * What was measured to tell rounding from fault (design 6.4). A variation's outputs carry the names of the side it varies.
 * Empty lists and nulls: that instrument is not to be had here.
 */
export interface Evidence {
  /** The precision that the conversion declares; its rounding is legitimate. */
  readonly step: PerturbStep;
  /** Whether weights moved, or inputs alone. */
  readonly reach: 'weights' | 'inputs';
  /** The reference with inputs and weights moved by one step at random. */
  readonly perturbed: readonly Variation[];
  readonly reference64: Variation | null;
  readonly candidate64: Variation | null;
  /** The reference in float64 with its weights moved by one step: what storing weights in that precision costs. */
  readonly perturbed64: readonly Variation[];
  /** The reference in float64 with every sum off by its a-priori bound. */
  readonly accumulated64: readonly Variation[];
  /** How far two runs of the reference itself lay apart: no floor may be lower. */
  readonly spread: readonly Spread[];
}
