import * as z from 'zod';
import type { caseSetting } from './schema.ts';

/** A stage is a case whose samples come from the stages before it. */
export const pipelineSetting = (one: typeof caseSetting) => {
  const stage = one
    .omit({ samples: true, dims: true, labels: true, state: true, steps: true, tags: true, package: true })
    .extend({
      from: z
        .record(z.string(), z.string())
        .optional()
        .describe('Inputs that are outputs of an earlier stage: `{ features: pre.output }`; all others are samples'),
    });
  return z.strictObject({
    stages: z.record(z.string(), stage).describe('Stage → its model and conversion, in the order in which they run'),
    samples: one.shape.samples,
    dims: one.shape.dims,
    tags: one.shape.tags,
  });
};
