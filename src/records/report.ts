import * as z from 'zod';
import { artifact, declaredChange } from './artifact.ts';
import { outputComparison } from './comparison.ts';
import { tensorSpec } from './contract.ts';
import { coverage } from './coverage.ts';
import { failure, finding } from './finding.ts';
import { investigation } from './investigation.ts';
import { tensorInfo } from './sample.ts';
import { grade, verdict } from './verdict-schema.ts';
import { REPORT_SCHEMA_VERSION } from './version.ts';

/** The reference or a candidate: which model, made how, run where. */
export const side = z.object({
  format: z.string(),
  /** As the user wrote it, or the artifact's path relative to the run folder. */
  path: z.string(),
  digest: z.string().nullable(),
  exporter: z.string().nullable(),
  exporterVersion: z.string().nullable(),
  exporterOptions: z.record(z.string(), z.unknown()),
  runtime: z.string(),
  runtimeVersion: z.string().nullable(),
  options: z.record(z.string(), z.unknown()),
  /** `pytorch (managed)`, `.venv`, `node` … */
  environment: z.string(),
  packages: z.record(z.string(), z.string()),
  facts: z.record(z.string(), z.unknown()),
  openMilliseconds: z.number().nullable(),
  runMilliseconds: z.number().nullable(),
  peakMemoryBytes: z.number().nullable(),
  log: z.string(),
  failure: failure.optional(),
});
export type Side = z.infer<typeof side>;

/** One row of the contract, reference | candidate; null where that side has no such tensor. */
export const contractRow = z.object({
  side: z.enum(['input', 'output']),
  reference: tensorSpec.nullable(),
  candidate: tensorSpec.nullable(),
  pairedBy: z.enum(['name', 'position', 'map', 'declared', 'value', 'none']),
  /** What differs: `name`, `dtype`, `rank`, `shape`, `missing`, `extra`; empty when the two agree. */
  differences: z.array(z.string()),
});
export type ContractRow = z.infer<typeof contractRow>;

export const reportSample = z.object({
  id: z.string(),
  generator: z.string(),
  /** Shapes of the inputs, in contract order. */
  shape: z.array(z.array(z.number().int())),
  inputs: z.array(tensorInfo),
  digest: z.string(),
  seed: z.number().int(),
  /** `special`: NaN, infinities and denormal numbers, judged apart: they count in the verdict, not in the outputs' measures. */
  group: z.enum(['special']).optional(),
  verdict,
  /** What either side answered instead of outputs. */
  failure: failure.optional(),
});
export type ReportSample = z.infer<typeof reportSample>;

export const diagnosis = z.object({
  code: z.string(),
  confidence: z.number(),
  where: z.string(),
  message: z.string(),
  /** The code as a headline, and what to do next. */
  title: z.string().optional(),
  next: z.string().optional(),
  /** The experiment in words, error before and after it, and what else it showed. */
  evidence: z.record(z.string(), z.unknown()),
});
export type Diagnosis = z.infer<typeof diagnosis>;

/** Where in a chain of exporters a conversion stands, and how the links before it fared. */
export const chainPlace = z.object({
  name: z.string(),
  /** From 1 on. */
  link: z.number().int(),
  links: z.array(
    z.object({
      exporter: z.string(),
      from: z.string(),
      to: z.string(),
      /** The conversion that ends with this link; null where no runtime executes what it wrote, and behind this one. */
      id: z.string().nullable(),
      verdict: verdict.nullable(),
      grade: grade.nullable(),
    }),
  ),
});

export const reportCase = z.object({
  id: z.string(),
  case: z.string(),
  tags: z.array(z.string()),
  optional: z.boolean(),
  reference: side,
  candidate: side,
  verdict,
  grade: grade.nullable(),
  /** Missing where one exporter made the candidate, or none. */
  chain: chainPlace.optional(),
  /** The suite expects this conversion to fail. `met` false: it passed, or the date is over. */
  expected: z.object({ reason: z.string(), until: z.string().optional(), met: z.boolean() }).optional(),
  findings: z.array(finding),
  contract: z.array(contractRow),
  outputs: z.array(outputComparison),
  samples: z.array(reportSample),
  /** What the samples moved; missing where nothing was observed, and in reports of earlier versions. */
  coverage: coverage.optional(),
  diagnoses: z.array(diagnosis),
  firstDivergence: z
    .object({ tensor: z.string(), node: z.string(), opType: z.string(), source: z.string().nullable() })
    .nullable(),
  /** How the cause was looked for; missing where nobody looked, and in reports of earlier versions. */
  investigation: investigation.optional(),
  artifact: artifact
    .pick({
      format: true,
      path: true,
      digest: true,
      bytes: true,
      facts: true,
      milliseconds: true,
      log: true,
      precision: true,
    })
    .extend({ declared: z.array(declaredChange) })
    .nullable(),
  /** Commands that run this conversion, or one sample of it, again. */
  reproduce: z.array(z.object({ title: z.string(), command: z.string() })),
  /** Tensors of the worst sample, relative to the run folder. */
  tensors: z
    .object({
      sample: z.string(),
      inputs: z.string(),
      reference: z.string().nullable(),
      candidate: z.string().nullable(),
    })
    .nullable(),
  /** Steps that were taken from the store, of all steps of this conversion. */
  steps: z.object({ total: z.number().int(), cached: z.number().int() }),
});
export type ReportCase = z.infer<typeof reportCase>;

export const totals = z.object({
  pass: z.number().int(),
  fail: z.number().int(),
  unverifiable: z.number().int(),
  error: z.number().int(),
  skipped: z.number().int(),
  expectedFail: z.number().int(),
});
export type Totals = z.infer<typeof totals>;

export const report = z.object({
  schemaVersion: z.literal(REPORT_SCHEMA_VERSION),
  tool: z.object({ name: z.literal('onpar'), version: z.string() }),
  run: z.object({
    id: z.string(),
    /** The suite's file name, or the command of an ad-hoc run. */
    title: z.string(),
    startedAt: z.string(),
    durationMs: z.number(),
    exitCode: z.number().int(),
    seed: z.number().int(),
    /** How it was called, and where: the folder from the run folder on. Missing in reports of earlier versions. */
    command: z.object({ argv: z.array(z.string()), folder: z.string() }).optional(),
    /** Digest of the plan: two runs of the same plan can be resumed and merged. */
    plan: z.string(),
    shard: z.object({ index: z.number().int(), count: z.number().int() }).nullable(),
    /** True while cases are still to come, and after an interruption. */
    partial: z.boolean(),
    /** Findings about the run as a whole. */
    findings: z.array(finding),
  }),
  environment: z.object({
    os: z.string(),
    arch: z.string(),
    cpu: z.string(),
    cores: z.number().int(),
    memoryBytes: z.number(),
    node: z.string(),
    /** Toolchain → its Python and packages. */
    toolchains: z.record(
      z.string(),
      z.object({
        python: z.string().optional(),
        node: z.string().optional(),
        packages: z.record(z.string(), z.string()),
      }),
    ),
  }),
  totals,
  cases: z.array(reportCase),
});
export type Report = z.infer<typeof report>;
