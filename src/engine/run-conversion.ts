import { statSync } from 'node:fs';
import { join } from 'node:path';
import type { ConversionComparison } from '../compare/compare.ts';
import { makeFinding, type RawFinding } from '../core/findings.ts';
import { digestFile } from '../core/hash.ts';
import type { Conversion, ModelSource } from '../plan/conversion.ts';
import type { Artifact } from '../records/artifact.ts';
import type { IoContract } from '../records/contract.ts';
import type { Coverage } from '../records/coverage.ts';
import type { Observation, SampleRun } from '../records/observation.ts';
import type { InputPlan, SamplePlan } from '../records/rules.ts';
import type { Sample, TensorInfo } from '../records/sample.ts';
import { worstVerdict } from '../records/verdict.ts';
import { isTable } from '../sample/table.ts';
import { readSafetensorsHeader } from '../tensor/safetensors.ts';
import { readTensorFile } from '../tensor/tensor-file.ts';
import type { RunContext } from './context.ts';
import { isInNode, resolveHost } from './hosts.ts';
import { wantsRoles, withReadRoles } from './input-roles.ts';
import { renamedInputs, resolveInputs } from './inputs.ts';
import { type KeyedModel, keyedArtifact, keyedSource } from './model-key.ts';
import type { StepResult } from './step.ts';
import { compareObservations } from './steps/compare.ts';
import { measureCoverage } from './steps/coverage.ts';
import { type Description, describeModel } from './steps/describe.ts';
import { exportModel } from './steps/export.ts';
import { observeModel } from './steps/observe.ts';
import { observeRecorded, RECORDED_SAMPLE } from './steps/recorded.ts';
import { makeSamples } from './steps/sample.ts';

/** Everything one conversion left behind; what is missing was not reached, because an earlier part failed. */
export interface ConversionTrace {
  readonly samples: readonly Sample[];
  readonly sampleDir: string | null;
  readonly artifact: StepResult<Artifact> | null;
  readonly reference: StepResult<Observation> | null;
  readonly candidate: StepResult<Observation> | null;
  readonly comparison: ConversionComparison | null;
  /** What the samples moved on the reference's side. */
  readonly coverage: Coverage | null;
  /** What was noticed outside the comparison. */
  readonly findings: readonly RawFinding[];
  /** Samples of the default sweep that the reference refused: left out of the judgement. */
  readonly refused: readonly SampleRun[];
  readonly steps: { readonly total: number; readonly cached: number };
  /** Which part failed, and how. */
  readonly failure: { readonly side: 'reference' | 'candidate'; readonly error: unknown } | null;
  /** Digest of the model that each side ran, and the environment that ran it, as far as they are known. */
  readonly digests: { readonly reference: string | null; readonly candidate: string | null };
  readonly environments: { readonly reference: string | null; readonly candidate: string | null };
}

/** Runs one conversion from source to comparison. Failures of either side come back in the trace, never as exceptions. */
export async function runConversion(ctx: RunContext, conversion: Conversion, seed: number): Promise<ConversionTrace> {
  const trace = new Trace();
  try {
    if (conversion.source.format === 'tensors') await recorded(ctx, conversion, trace);
    else await exported(ctx, conversion, seed, trace);
  } catch (error) {
    trace.failure = { side: trace.side, error };
  }
  return trace;
}

class Trace implements ConversionTrace {
  samples: readonly Sample[] = [];
  sampleDir: string | null = null;
  artifact: StepResult<Artifact> | null = null;
  reference: StepResult<Observation> | null = null;
  candidate: StepResult<Observation> | null = null;
  comparison: ConversionComparison | null = null;
  coverage: Coverage | null = null;
  findings: RawFinding[] = [];
  refused: readonly SampleRun[] = [];
  steps: { total: number; cached: number } = { total: 0, cached: 0 };
  failure: ConversionTrace['failure'] = null;
  digests: { reference: string | null; candidate: string | null } = { reference: null, candidate: null };
  environments: { reference: string | null; candidate: string | null } = { reference: null, candidate: null };
  /** Whose fault a failure is at this point. */
  side: 'reference' | 'candidate' = 'reference';

  count<T>(result: StepResult<T>): StepResult<T> {
    this.steps.total++;
    if (result.cached) this.steps.cached++;
    return result;
  }
}

async function exported(ctx: RunContext, conversion: Conversion, seed: number, trace: Trace): Promise<void> {
  const source = keyedSource(conversion);
  trace.digests.reference = source.digest;
  const described = trace.count(
    await describeModel(ctx, conversion, source, 'reference', () => openAhead(ctx, conversion)),
  );
  trace.findings.push(...described.value.findings);
  const resolved = resolveInputs(conversion.case, {
    contract: described.value.contract,
    examples: examplesOf(described),
    parameters: (described.value.facts.forwardParameters as string[] | undefined) ?? null,
    data: await dataShapes(conversion),
    candidate: await candidateContract(ctx, conversion, described, trace),
  });
  const given = await withReadRoles(
    ctx,
    conversion,
    resolved,
    conversion.existing === null ? [source] : [source, existingCandidate(conversion, conversion.existing)],
  );
  const ahead = await exportAhead(ctx, conversion, { source, inputs: given, seed }, trace);
  const { inputs } = ahead;
  const set = trace.count(await makeSamples(ctx, conversion.id, samplePlan(conversion, inputs, seed)));
  trace.samples = set.value.samples;
  trace.sampleDir = set.dir;
  trace.findings.push(...set.value.findings);

  // The reference runs while the candidate is exported: they are independent, and both are slow.
  const same = {
    ...described.value.contract,
    inputs: inputs.map(({ name, dtype, shape }) => ({ name, dtype, shape })),
  };
  const referenceContract = described.value.contract.inputs.length > 0 ? described.value.contract : same;
  const observation = observeModel(ctx, conversion, {
    role: 'reference',
    model: source,
    inputs,
    samples: set.value.samples,
    sampleDir: set.dir,
    rename: () => ({}),
    renameKey: null,
  });
  observation.catch(() => {});
  const example = ahead.example ?? tracingExample(conversion, set);
  const candidateRun = runCandidate(ctx, conversion, { source, inputs, set, example, referenceContract }, trace);
  candidateRun.catch(() => {});
  const reference = trace.count(await observation);
  trace.reference = reference;
  trace.environments.reference = await labelOf(ctx, conversion, 'reference');
  trace.side = 'candidate';
  const candidate = trace.count(await candidateRun);
  trace.candidate = candidate;
  trace.environments.candidate = await labelOf(ctx, conversion, 'candidate');
  trace.refused = refusedSizes(conversion, set.value.samples, reference.value);
  for (const { sample, failure } of trace.refused)
    trace.findings.push(makeFinding('size-refused', `sample ${sample}`, { message: failure?.message ?? '' }));
  const judged = set.value.samples.filter((s) => !trace.refused.some((r) => r.sample === s.id));
  const ordinary = judged.filter((s) => s.group === undefined);
  const covered = trace.count(
    await measureCoverage(ctx, conversion, samplePlan(conversion, inputs, seed), ordinary, reference),
  );
  trace.coverage = covered.value.coverage;
  trace.findings.push(...covered.value.findings);
  const compare = (samples: readonly Sample[]) =>
    compareObservations(ctx, conversion, {
      reference,
      candidate,
      inputs,
      samples,
      declared: trace.artifact?.value.declared ?? [],
      sameFormat: conversion.source.format === conversion.candidate.format,
    });
  const special = judged.filter((s) => s.group === 'special');
  if (special.length === 0 || ordinary.length === 0) trace.comparison = trace.count(await compare(judged)).value;
  else
    trace.comparison = withSpecial(
      trace.count(await compare(ordinary)).value,
      trace.count(await compare(special)).value,
    );
}

/**
 * Special values count in the verdict, since they were asked for, but say nothing about how far ordinary ones may be off:
 * measures and grades stay those of the ordinary samples.
 */
function withSpecial(ordinary: ConversionComparison, special: ConversionComparison): ConversionComparison {
  const known = new Set(ordinary.findings.map((f) => JSON.stringify([f.code, f.where, f.args])));
  const added = special.findings.filter((f) => !known.has(JSON.stringify([f.code, f.where, f.args])));
  return {
    ...ordinary,
    verdict: worstVerdict([ordinary.verdict, special.verdict]),
    findings: [
      ...ordinary.findings,
      ...added.map((f) => ({ ...f, where: `${f.where} (special values)`, args: { ...f.args, group: 'special' } })),
    ],
    samples: [...ordinary.samples, ...special.samples],
  };
}

const labelOf = async (ctx: RunContext, conversion: Conversion, role: 'reference' | 'candidate'): Promise<string> =>
  (await resolveHost(ctx, conversion, conversion[role].runtime.toolchain, role)).label;

/**
 * Sizes of the default sweep that the original itself refuses (a U-Net at an odd width): not legal inputs, so nothing is
 * lost by leaving them out, and it is said. Sizes that the user asked for, and batch sizes, are never excused.
 */
function refusedSizes(
  conversion: Conversion,
  samples: readonly Sample[],
  reference: Observation,
): readonly SampleRun[] {
  const swept = new Set(
    samples.flatMap((s) => {
      const dim = /\[(.+)=\d+\]$/.exec(s.id)?.[1];
      return dim === undefined || /^(batch|n)$/i.test(dim) || conversion.case.dims[dim] !== undefined ? [] : [s.id];
    }),
  );
  return reference.samples.filter(
    (run) => swept.has(run.sample) && ['run-failed', 'input-mismatch'].includes(run.failure?.code ?? ''),
  );
}

/**
 * An existing candidate in a Node worker is opened while the reference is: that worker keeps what it described open for the
 * `open` that follows. Not in Python, where both would load the model. A failure is told when the candidate runs.
 */
function openAhead(ctx: RunContext, conversion: Conversion): void {
  const { existing, candidate, case: c } = conversion;
  if (existing === null || !isInNode(candidate.runtime)) return;
  const { ref } = existingCandidate(conversion, existing);
  resolveHost(ctx, conversion, candidate.runtime.toolchain, 'candidate').then(
    ({ host }) =>
      ctx.pool.warm(host).describeAhead(
        {
          runtime: candidate.runtime.name,
          model: ref,
          options: { ...candidate.options },
          outDir: ctx.pool.scratch('ahead'),
        },
        { timeoutMs: c.timeoutMs },
      ),
    () => {},
  );
}

const existingCandidate = (conversion: Conversion, existing: ModelSource): KeyedModel =>
  keyedSource({ ...conversion, case: { ...conversion.case, weights: null } }, existing);

/** The sample that an exporter traces with. */
interface Example {
  readonly sample: Sample;
  readonly dir: string;
}

interface CandidateNeeds {
  readonly source: KeyedModel;
  readonly inputs: readonly InputPlan[];
  /** Null where the exporter needs none. */
  readonly example: Example | null;
  readonly set: StepResult<{ readonly samples: readonly Sample[] }>;
  readonly referenceContract: IoContract;
}

async function runCandidate(
  ctx: RunContext,
  conversion: Conversion,
  needs: CandidateNeeds,
  trace: Trace,
): Promise<StepResult<Observation>> {
  const { inputs, set } = needs;
  const model = await candidateModel(ctx, conversion, needs, trace);
  trace.digests.candidate = model.digest;
  const { mapInputs } = conversion.rules;
  // Samples carry the plan's names, whatever the model itself calls its inputs.
  const reference = {
    inputs: inputs.map(({ name, dtype, shape }) => ({ name, dtype, shape })),
    outputs: [],
    names: needs.referenceContract.names,
  };
  const declared = Object.fromEntries(
    (trace.artifact?.value.declared ?? []).flatMap((d) =>
      d.side === 'input' && d.to !== undefined ? [[d.name, d.to]] : [],
    ),
  );
  return observeModel(ctx, conversion, {
    role: 'candidate',
    model,
    inputs,
    samples: set.value.samples,
    sampleDir: set.dir,
    rename: (contract) => renamedInputs(reference, contract, mapInputs, declared),
    renameKey: [mapInputs, declared, reference.names],
  });
}

/**
 * Code says nothing about which integers are legal, the ONNX graph that is made of it does. So where the user left integers
 * open, the export comes first, traced with one sample of assumed values, and the samples are planned with what its graph
 * tells. An export that fails tells nothing and fails again, by the same step, where its failure is recorded.
 */
async function exportAhead(
  ctx: RunContext,
  conversion: Conversion,
  { source, inputs, seed }: { readonly source: KeyedModel; readonly inputs: InputPlan[]; readonly seed: number },
  trace: Trace,
): Promise<{ readonly inputs: InputPlan[]; readonly example: Example | null }> {
  const { exporter, candidate, samples } = conversion;
  if (exporter === null || candidate.format !== 'onnx' || samples.portfolio === 0 || !wantsRoles(inputs))
    return { inputs, example: null };
  const first = trace.count(
    await makeSamples(ctx, conversion.id, { ...samplePlan(conversion, inputs, seed), portfolio: 1, files: [] }),
  );
  const example = tracingExample(conversion, first);
  try {
    const artifact = await exportModel(ctx, conversion, { model: source, inputs, example });
    return {
      inputs: await withReadRoles(ctx, conversion, inputs, [keyedArtifact(conversion, artifact.value, artifact.dir)]),
      example,
    };
  } catch {
    return { inputs, example };
  }
}

function tracingExample(
  { source }: Conversion,
  set: StepResult<{ readonly samples: readonly Sample[] }>,
): Example | null {
  const sample =
    source.callable !== undefined || source.format === 'torchscript' ? exampleSample(set.value.samples) : undefined;
  return sample === undefined ? null : { sample, dir: set.dir };
}

async function candidateModel(
  ctx: RunContext,
  conversion: Conversion,
  { source, inputs, example }: CandidateNeeds,
  trace: Trace,
): Promise<KeyedModel> {
  if (conversion.existing !== null) return existingCandidate(conversion, conversion.existing);
  if (conversion.exporter === null) return source;
  const artifact = trace.count(await exportModel(ctx, conversion, { model: source, inputs, example }));
  trace.artifact = artifact;
  trace.findings.push(...artifact.value.findings);
  return keyedArtifact(conversion, artifact.value, artifact.dir);
}

/** Generators whose values look like data, at base sizes (no `[batch=1]`): what tracing should see. */
const exampleSample = (samples: readonly Sample[]): Sample | undefined =>
  samples.find((s) => ['normal', 'uniform'].includes(s.generator) && !s.id.includes('[')) ??
  samples.find((s) => !s.id.includes('[')) ??
  samples[0];

async function recorded(ctx: RunContext, conversion: Conversion, trace: Trace): Promise<void> {
  trace.samples = [RECORDED_SAMPLE];
  const reference = trace.count(await observeRecorded(ctx, conversion, conversion.source));
  trace.reference = reference;
  trace.side = 'candidate';
  const candidate = trace.count(await observeRecorded(ctx, conversion, conversion.existing ?? conversion.source));
  trace.candidate = candidate;
  trace.comparison = trace.count(
    await compareObservations(ctx, conversion, {
      reference,
      candidate,
      inputs: [],
      samples: trace.samples,
      declared: [],
      sameFormat: true,
    }),
  ).value;
}

function samplePlan(conversion: Conversion, inputs: readonly InputPlan[], seed: number): SamplePlan {
  const { samples, case: c } = conversion;
  return {
    inputs: [...inputs],
    portfolio: samples.portfolio,
    files: samples.files.map((path) => ({ path, digest: digestFile(path) })),
    special: samples.special,
    labels: [...c.labels],
    dims: Object.fromEntries(Object.entries(c.dims).map(([name, sizes]) => [name, [...sizes]])),
    seed,
  };
}

function examplesOf({ value, dir }: StepResult<Description>): TensorInfo[] | null {
  return value.exampleInputs === null ? null : tensorInfos(join(dir, value.exampleInputs));
}

function tensorInfos(path: string): TensorInfo[] {
  return [...readSafetensorsHeader(path).tensors.values()].map(({ name, dtype, shape }) => ({
    name,
    dtype,
    shape: [...shape],
  }));
}

async function dataShapes(conversion: Conversion): Promise<TensorInfo[] | null> {
  const [first] = conversion.samples.files;
  if (first === undefined || conversion.source.callable === undefined || !statSync(first).isFile() || isTable(first))
    return null;
  const tensors = readTensorFile(first);
  return [...tensors].map(([name, { dtype, shape }]) => ({ name, dtype, shape: [...shape] }));
}

/** The candidate's contract, asked for only when an existing artifact is all that can tell the inputs. */
async function candidateContract(
  ctx: RunContext,
  conversion: Conversion,
  described: StepResult<Description>,
  trace: Trace,
): Promise<IoContract | null> {
  if (
    conversion.existing === null ||
    described.value.contract.inputs.length > 0 ||
    described.value.exampleInputs !== null
  )
    return null;
  if (Object.values(conversion.case.inputs).some((i) => i.shape !== undefined)) return null;
  const model = existingCandidate(conversion, conversion.existing);
  return trace.count(await describeModel(ctx, conversion, model, 'candidate')).value.contract;
}
