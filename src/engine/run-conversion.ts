import type { Conversion } from '../plan/conversion.ts';
import type { RunContext } from './context.ts';
import { exportAhead, openAhead, runCandidate } from './conversion/candidate.ts';
import { judge } from './conversion/judge.ts';
import { inputsOf } from './conversion/known-inputs.ts';
import { samplePlan, tracingExample } from './conversion/sample-plan.ts';
import { type ConversionTrace, Trace } from './conversion/trace.ts';
import { resolveHost } from './hosts.ts';
import { readRolesAhead, withReadRoles } from './input-roles.ts';
import { existingCandidate, keyedSource } from './model-key.ts';
import { compareObservations } from './steps/compare.ts';
import { describeModel } from './steps/describe.ts';
import { observeModel } from './steps/observe.ts';
import { observeRecorded, RECORDED_SAMPLE } from './steps/recorded.ts';
import { makeSamples } from './steps/sample.ts';

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

async function exported(ctx: RunContext, conversion: Conversion, seed: number, trace: Trace): Promise<void> {
  const source = keyedSource(conversion);
  trace.digests.reference = source.digest;
  const described = trace.count(
    await describeModel(ctx, conversion, source, 'reference', () => {
      openAhead(ctx, conversion);
      readRolesAhead(ctx, conversion, source);
    }),
  );
  trace.findings.push(...described.value.findings);
  const resolved = await inputsOf(ctx, conversion, described, trace);
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
  const plan = samplePlan(conversion, inputs, seed);
  await judge(ctx, conversion, { reference, candidate, samples: set.value.samples, plan }, trace);
}

const labelOf = async (ctx: RunContext, conversion: Conversion, role: 'reference' | 'candidate'): Promise<string> =>
  (await resolveHost(ctx, conversion, conversion[role].runtime.toolchain, role)).label;

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
