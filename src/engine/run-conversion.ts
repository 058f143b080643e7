import type { Conversion } from '../plan/conversion.ts';
import type { SamplePlan } from '../records/rules.ts';
import type { RunContext } from './context.ts';
import { coverActivations } from './conversion/activations.ts';
import { openAhead, runCandidate } from './conversion/candidate.ts';
import { caseInputs } from './conversion/case-roles.ts';
import { forcedSet, singleSteps } from './conversion/forced.ts';
import { compareGolden } from './conversion/golden.ts';
import { judge } from './conversion/judge.ts';
import { inputsOf } from './conversion/known-inputs.ts';
import { probingOf } from './conversion/probing.ts';
import { type Example, oneStep, samplePlan, tracingExample } from './conversion/sample-plan.ts';
import { checkSequence, referenceSteps, withoutSteps } from './conversion/sequence.ts';
import { type ObservedSide, UNRENAMED } from './conversion/side.ts';
import { Trace } from './conversion/trace.ts';
import { type Watched, watch } from './conversion/watched.ts';
import { resolveHost } from './hosts.ts';
import { readRolesAhead } from './input-roles.ts';
import { keyedSource } from './model-key.ts';
import { joinStages } from './pipeline/end.ts';
import { stageSet } from './pipeline/stage.ts';
import type { StepResult } from './step.ts';
import { compareObservations } from './steps/compare.ts';
import { describeModel } from './steps/describe.ts';
import { decodeImages, imageSetOf } from './steps/images.ts';
import { observeRecorded, RECORDED_SAMPLE } from './steps/recorded.ts';
import { makeSamples, type SampleSet } from './steps/sample.ts';

/** Runs one conversion from source to comparison. Failures of either side come back in the trace, never as exceptions. */
export async function runConversion(ctx: RunContext, conversion: Conversion, seed: number): Promise<Trace> {
  const trace = new Trace();
  try {
    if (conversion.stages !== undefined)
      await joinStages(ctx, conversion, (stage) => runConversion(ctx, stage, seed), trace);
    else if (conversion.source.format !== 'tensors') await exported(ctx, conversion, seed, trace);
    else if (conversion.candidate.format === 'tensors') await recorded(ctx, conversion, trace);
    else await compareGolden(ctx, conversion, trace);
  } catch (error) {
    trace.failure = { side: trace.side, error };
  }
  return trace;
}

async function exported(ctx: RunContext, given: Conversion, seed: number, trace: Trace): Promise<void> {
  const source = keyedSource(given);
  trace.digests.reference = source.digest;
  const described = trace.count(
    await describeModel(ctx, given, source, 'reference', () => {
      openAhead(ctx, given);
      readRolesAhead(ctx, given, source);
    }),
  );
  trace.findings.push(...described.value.findings);
  const resolved = await inputsOf(ctx, given, described, trace);
  checkSequence(given, resolved, described.value.contract);
  const ahead = await caseInputs(ctx, given, { source, inputs: resolved, seed }, trace);
  const { inputs } = ahead;
  const decoded = await Promise.all(given.samples.images.map((choice) => decodeImages(ctx, given, choice, inputs)));
  for (const pictures of decoded) trace.findings.push(...trace.count(pictures).value.findings);
  const planned = samplePlan(given, inputs, seed, decoded.map(imageSetOf));
  const made = trace.count(
    given.case.stage === null ? await makeSamples(ctx, given.id, planned) : await stageSet(ctx, given, seed, trace),
  );
  const stepping: ObservedSide = {
    role: 'reference',
    model: source,
    inputs,
    ...UNRENAMED,
    ...referenceSteps(given, inputs),
  };
  const { conversion, plan, side, set } = await sampled(
    ctx,
    given,
    { plan: planned, side: stepping, set: made },
    trace,
  );
  trace.samples = set.value.samples;
  trace.sampleDir = set.dir;
  trace.findings.push(...set.value.findings);

  // The reference runs while the candidate is exported: they are independent, and both are slow.
  const same = {
    ...described.value.contract,
    inputs: inputs.map(({ name, dtype, shape }) => ({ name, dtype, shape })),
  };
  const referenceContract = described.value.contract.inputs.length > 0 ? described.value.contract : same;
  const probing = probingOf(conversion, inputs, set.value.samples);
  trace.sides.reference = side;
  trace.judgedBy = { plan, probing };
  const request = { ...side, samples: set.value.samples, sampleDir: set.dir };
  const referenceRun = watch(ctx, conversion, request, probing);
  referenceRun.catch(() => {});
  const example = ahead.example ?? (await exampleOf(ctx, conversion, planned, set, trace));
  const candidateRun = runCandidate(
    ctx,
    conversion,
    { source, inputs, set, example, referenceContract, probing, reference: referenceRun },
    trace,
  );
  candidateRun.catch(() => {});
  const reference = await referenceRun;
  trace.reference = countWatched(trace, reference);
  trace.environments.reference = await labelOf(ctx, conversion, 'reference');
  trace.side = 'candidate';
  const candidate = await candidateRun;
  trace.candidate = countWatched(trace, candidate);
  trace.environments.candidate = await labelOf(ctx, conversion, 'candidate');
  await judge(ctx, conversion, { reference, candidate, samples: set.value.samples, plan, probing }, trace);
  await coverActivations(ctx, conversion, trace);
}

interface Sampled {
  readonly plan: SamplePlan;
  readonly side: ObservedSide;
  readonly set: StepResult<SampleSet>;
}

/** The samples as they are judged: those that were made, or every step of theirs by itself where the suite asks for that. */
async function sampled(
  ctx: RunContext,
  conversion: Conversion,
  given: Sampled,
  trace: Trace,
): Promise<Sampled & { readonly conversion: Conversion }> {
  if (conversion.rules.sequence?.forced !== true) return { conversion, ...given };
  const set = await forcedSet(ctx, conversion, given.side, given.set, trace);
  const { sequence, ...plan } = given.plan;
  return { conversion: singleSteps(conversion), plan, side: withoutSteps(given.side), set };
}

/** What exporters trace with: one of the samples, or a step by itself where those are sequences. */
async function exampleOf(
  ctx: RunContext,
  conversion: Conversion,
  plan: SamplePlan,
  set: StepResult<SampleSet>,
  trace: Trace,
): Promise<Example | null> {
  if (plan.sequence === undefined) return tracingExample(conversion, set);
  const single = trace.count(await makeSamples(ctx, conversion.id, { ...oneStep(plan), portfolio: 1 }));
  return tracingExample(conversion, single);
}

/** The observation as deployed; what was observed beside it counts as steps too. */
function countWatched(trace: Trace, { observation, fresh, unoptimised }: Watched): Watched['observation'] {
  for (const other of [fresh, unoptimised]) if (other !== null && 'result' in other) trace.count(other.result);
  return trace.count(observation);
}

const labelOf = async (ctx: RunContext, conversion: Conversion, role: 'reference' | 'candidate'): Promise<string> =>
  (await resolveHost(ctx, conversion, conversion[role].runtime, role)).label;

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
      sampleDir: null,
      declared: [],
      sameFormat: true,
    }),
  ).value;
}
