import * as z from 'zod';
import { num } from './number-schema.ts';

/** Version of bundle.json. Raised when a reader of the old form would misread the new one. */
export const BUNDLE_SCHEMA_VERSION = 1;

/** How a model fails: other numbers; NaN or infinity where there is none in the reference; it does not load or run. */
export const bundleFailure = z.object({
  kind: z.enum(['value', 'nonfinite', 'code']),
  /** Largest |difference| relative to rms of what is expected; null: it does not run, or NaN parts them. */
  error: num.nullable(),
  /** The same before anything was reduced. */
  before: num.nullable(),
  /** For `code`. */
  code: z.string().nullable(),
  message: z.string().nullable(),
});
export type BundleFailure = z.infer<typeof bundleFailure>;

const file = z.string().regex(/^[\w.-]+$/, 'a file of the bundle itself');

/** A failure that stands alone: a model, what it is fed with, what it should answer and what it does answer. */
export const bundle = z.object({
  schemaVersion: z.literal(BUNDLE_SCHEMA_VERSION),
  tool: z.object({ name: z.literal('onpar'), version: z.string() }),
  failure: bundleFailure,
  /** An error up to this counts as agreement. */
  tolerance: z.number().positive(),
  model: file,
  /** The reference's counterpart, where the reference is a model of the same format; names in it by names in the model. */
  reference: z
    .object({
      file,
      inputs: z.record(z.string(), z.string()),
      outputs: z.record(z.string(), z.string()),
    })
    .nullable(),
  inputs: file,
  /** Null: it is known only that it should run. */
  expected: file.nullable(),
  /** Null: it does not run. */
  got: file.nullable(),
  /** What gave the expected outputs: the reference's part, the input that the reference hands on unchanged, the model with its proven cause mended, in float64 or unoptimised, or values recorded in the reference. */
  expectedFrom: z.enum(['reference-model', 'unchanged', 'mended', 'float64', 'unoptimised', 'recorded']).nullable(),
  runtime: z.object({ name: z.string(), version: z.string().nullable(), options: z.record(z.string(), z.unknown()) }),
  nodes: z.object({ before: z.number().int(), after: z.number().int(), operators: z.array(z.string()) }),
  /** `random`: seeded numbers in place of all large weights; `partly`: of some. */
  weights: z.enum(['none', 'original', 'partly', 'random']),
  /** `random`: seeded numbers; `rounded`: recorded values with few digits; `recorded`: as they were. */
  inputValues: z.enum(['random', 'rounded', 'recorded']),
});
export type Bundle = z.infer<typeof bundle>;

/** Where the failure was seen: environment.json of a bundle. */
export interface BundleEnvironment {
  readonly runtime: string;
  readonly version: string | null;
  readonly options: Readonly<Record<string, unknown>>;
  readonly packages: Readonly<Record<string, string>>;
  readonly os: string;
  readonly arch: string;
  readonly cpu: string;
}
