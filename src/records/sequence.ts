import * as z from 'zod';

/** What a state holds before the first step: nothing yet, or values drawn like those of any input. */
export const INITIAL_STATES = ['zeros', 'sample'] as const;

/** An output that is an input of the next step. */
export const stateLink = z.object({
  /** Of the reference. */
  output: z.string(),
  /** As the samples call it. */
  input: z.string(),
  initial: z.enum(INITIAL_STATES),
});
export type StateLink = z.infer<typeof stateLink>;

/** A dimension that is larger in every step: the past of a cache, a mask over all that was seen. */
export const growth = z.object({ from: z.number().int().nonnegative(), by: z.number().int().positive() });

/**
 * A sample of a stateful model is a sequence of steps. Every input that is no state holds all steps, and so does every
 * output: the step is the axis behind the first one, [batch, step, …], as data sets and Keras have it (a scalar becomes
 * [1, step]). Outputs that grow are filled up with NaN (integers with 0) to the size of the last step.
 */
export const sequence = z.object({
  /** Of onpar's own samples; the user's data have as many as they have. */
  steps: z.number().int().positive(),
  states: z.array(stateLink),
  /** By the dimension's name; its size at step t is `from + by·t`, t from 0. */
  grow: z.record(z.string(), growth),
  /** Judged with the reference's state in every step only; otherwise each side carries its own, as deployed. */
  forced: z.boolean(),
});
export type Sequence = z.infer<typeof sequence>;
