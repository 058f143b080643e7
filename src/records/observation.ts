import * as z from 'zod';
import { ioContract } from './contract.ts';
import { failure, finding } from './finding.ts';
import { tensorInfo } from './sample.ts';

/** What one runtime did with one sample. Exactly one of `file` (outputs) and `failure` is there. */
export const sampleRun = z.object({
  sample: z.string(),
  file: z.string().optional(),
  outputs: z.array(tensorInfo),
  milliseconds: z.number(),
  failure: failure.optional(),
  /** Intermediate values that were asked for, in a file of their own; `missing` could not be had. */
  tapped: z
    .object({
      file: z.string(),
      tensors: z.array(tensorInfo),
      missing: z.array(z.object({ name: z.string(), reason: z.string() })),
      /** Outputs that were not the same while tapping: largest difference over the rms as deployed, null where it is no number. */
      apart: z.array(z.object({ output: z.string(), relative: z.number().nullable() })).optional(),
    })
    .optional(),
});
export type SampleRun = z.infer<typeof sampleRun>;

/** What one runtime did with all samples of a case; or, with `failure`, why it could not be observed at all. */
export const observation = z.object({
  runtime: z.string(),
  version: z.string(),
  options: z.record(z.string(), z.unknown()),
  packages: z.record(z.string(), z.string()),
  contract: ioContract.nullable(),
  /** Facts that the runtime told when it opened the model: `training`, providers, opset … */
  facts: z.record(z.string(), z.unknown()),
  samples: z.array(sampleRun),
  /** Runs beyond the planned samples, made to learn whether the model is fit to be compared (compare/fitness). */
  probes: z.array(sampleRun).optional(),
  findings: z.array(finding.omit({ message: true })),
  openMilliseconds: z.number(),
  peakMemoryBytes: z.number().nullable(),
  log: z.string(),
  failure: failure.optional(),
});
export type Observation = z.infer<typeof observation>;
