import * as z from 'zod';
import { tensorSpec } from './contract.ts';
import { failure, finding } from './finding.ts';

/** A change that the exporter makes on purpose and says so: it is reported, not failed. */
export const declaredChange = z.object({
  side: z.enum(['input', 'output']),
  name: z.string(),
  /** The name on the artifact's side, when the exporter renames. */
  to: z.string().optional(),
  dtype: z.string().optional(),
  shape: tensorSpec.shape.shape.optional(),
  /** Axis `i` on the artifact's side is axis `layout[i]` of the original's, as NHWC is `[0, 2, 3, 1]` of NCHW. */
  layout: z.array(z.number().int().nonnegative()).optional(),
  reason: z.string(),
});
export type DeclaredChange = z.infer<typeof declaredChange>;

/** The file or folder that an exporter wrote, with its digest and lineage; or why there is none. */
export const artifact = z.object({
  format: z.string(),
  /** File or folder name inside the step's folder. */
  path: z.string(),
  digest: z.string(),
  bytes: z.number().int(),
  exporter: z.string(),
  exporterVersion: z.string(),
  options: z.record(z.string(), z.unknown()),
  packages: z.record(z.string(), z.string()),
  /** The precision that was asked for: `float32`, `float16`, `int8` … */
  precision: z.string(),
  declared: z.array(declaredChange),
  facts: z.record(z.string(), z.unknown()),
  findings: z.array(finding.omit({ message: true })),
  milliseconds: z.number(),
  log: z.string(),
  failure: failure.optional(),
});
export type Artifact = z.infer<typeof artifact>;
