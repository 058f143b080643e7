import * as z from 'zod';
import { INITIAL_STATES } from '../records/sequence.ts';

/** `state: { h_out: h }`: what of a step's outputs the next step is given. */
export const stateSetting = z
  .record(
    z.string(),
    z.union([
      z.string(),
      z.strictObject({
        input: z.string(),
        initial: z.enum(INITIAL_STATES).optional().describe('What it holds before the first step (default `zeros`)'),
      }),
    ]),
  )
  .refine((links) => Object.keys(links).length > 0, { message: 'names no output; write `state: { h_out: h }`' });
export type StateSetting = z.infer<typeof stateSetting>;

const count = z.number().int().positive().max(100_000);

/** `steps: 12`, or how the steps go on. */
export const stepsSetting = z.union([
  count,
  z.strictObject({
    count: count.optional().describe('Steps of a sequence (default 8); the user’s data have as many as they have'),
    grow: z
      .record(
        z.string(),
        z.union([
          z.number().int().nonnegative(),
          z.strictObject({ from: z.number().int().nonnegative(), by: z.number().int().positive().optional() }),
        ]),
      )
      .optional()
      .describe('Dimensions that are larger in every step, with their size at the first: `{ past: 0, total: 1 }`'),
    forced: z
      .boolean()
      .optional()
      .describe(
        'Judge every step by itself, from the reference’s state, and never the candidate’s own (default false)',
      ),
  }),
]);
export type StepsSetting = z.infer<typeof stepsSetting>;
