import type { ConversionComparison } from '../../compare/compare.ts';
import { OnparError } from '../../core/errors.ts';
import { makeFinding, type RawFinding } from '../../core/findings.ts';
import type { Conversion } from '../../plan/conversion.ts';
import type { Sample } from '../../records/sample.ts';
import { worstVerdict } from '../../records/verdict.ts';
import type { RunContext } from '../context.ts';
import type { StepResult } from '../step.ts';
import type { CompareRequest } from '../steps/compare.ts';
import { forcedSamples, stepOfId } from '../steps/forced.ts';
import { observeModel } from '../steps/observe.ts';
import type { SampleSet } from '../steps/sample.ts';
import { compareWithInstruments } from './instruments.ts';
import { withoutSteps } from './sequence.ts';
import type { ObservedSide } from './side.ts';
import type { Trace } from './trace.ts';

/** Sequences whose steps are judged by themselves: the worst one, and ordinary ones beside it. */
const SEQUENCES = 3;

/**
 * What a state of one's own cannot tell (design 6.4): past the horizon, where rounding alone leads elsewhere, each step is
 * judged from the reference's state instead; and of a failure it is told whether a step makes it or the state builds it up.
 */
export async function checkSteps(
  ctx: RunContext,
  conversion: Conversion,
  deployed: ConversionComparison,
  request: CompareRequest,
  trace: Trace,
): Promise<ConversionComparison> {
  const { sequence } = conversion.rules;
  const { reference: own, candidate: theirs } = trace.sides;
  if (sequence === undefined || own === null || theirs === null || request.sampleDir === null) return deployed;
  const purpose = purposeOf(deployed);
  if (purpose === null) return deployed;
  const samples = tellingSamples(request.samples, deployed);
  const made = trace.count(
    await forcedSamples(ctx, conversion, {
      sequence,
      inputs: request.inputs,
      samples,
      sampleDir: request.sampleDir,
      reference: request.reference,
    }),
  );
  if (made.value.length === 0) return deployed;
  const alone = singleSteps(conversion);
  const sides = { reference: withoutSteps(own), candidate: withoutSteps(theirs) };
  const forced = { samples: made.value, sampleDir: made.dir };
  const [reference, candidate] = await Promise.all(
    [sides.reference, sides.candidate].map((side) => observeModel(ctx, alone, { ...side, ...forced })),
  );
  const { fitness, ...rest } = request;
  const judged = await compareWithInstruments(
    ctx,
    alone,
    {
      ...rest,
      ...forced,
      reference: trace.count(reference as StepResult<never>),
      candidate: trace.count(candidate as StepResult<never>),
    },
    trace,
    sides,
  );
  return merged(deployed, judged, purpose, made.value);
}

/** What a suite asks for with `steps: { forced: true }`: every step of every sequence as a sample, and nothing else. */
export async function forcedSet(
  ctx: RunContext,
  conversion: Conversion,
  side: ObservedSide,
  set: StepResult<SampleSet>,
  trace: Trace,
): Promise<StepResult<SampleSet>> {
  const { sequence } = conversion.rules;
  if (sequence === undefined || !sequence.forced) return set;
  const sequences = { samples: set.value.samples, sampleDir: set.dir };
  const reference = trace.count(await observeModel(ctx, conversion, { ...side, ...sequences }));
  const made = trace.count(
    await forcedSamples(ctx, conversion, { sequence, inputs: side.inputs, ...sequences, reference }),
  );
  if (made.value.length > 0) return { ...made, value: { samples: made.value, findings: set.value.findings } };
  // Without its states there is nothing to be judged: its own failure says why.
  const failure = reference.value.samples.find((run) => run.failure !== undefined)?.failure;
  throw new OnparError({
    code: failure?.code ?? 'run-failed',
    message: `no sequence ran in the reference: ${failure?.message ?? 'it answered none'}`,
    ...(failure?.fix === undefined ? {} : { fix: failure.fix }),
  });
}

/** The same conversion, its samples single steps. */
export function singleSteps(conversion: Conversion): Conversion {
  const { sequence, ...rules } = conversion.rules;
  return { ...conversion, rules };
}

type Purpose = 'horizon' | 'failure';

/** Nothing where the candidate's own state told all: it agrees up to the last step, or it failed to run. */
function purposeOf({ verdict, outputs, findings }: ConversionComparison): Purpose | null {
  const isChaotic = outputs.some(({ steps }) => steps?.some(({ state }) => state === 'silent'));
  if (verdict === 'pass') return isChaotic ? 'horizon' : null;
  if (verdict === 'unverifiable') return findings.some((f) => f.code === 'ill-conditioned') ? 'horizon' : null;
  return verdict === 'fail' && outputs.some((o) => o.verdict === 'fail' && o.steps !== undefined) ? 'failure' : null;
}

function tellingSamples(samples: readonly Sample[], { worstSample }: ConversionComparison): Sample[] {
  const ordinary = samples.filter((s) => ['normal', 'uniform', 'file'].includes(s.generator) && !s.id.includes('['));
  const worst = samples.filter((s) => s.id === worstSample);
  return [...new Set([...worst, ...ordinary, ...samples])].slice(0, SEQUENCES);
}

/** A finding of the steps by themselves, told apart from those of the run as deployed. */
const fromReference = (finding: RawFinding): RawFinding => ({
  ...finding,
  where: `${finding.where} (from the reference’s state)`,
  args: { ...finding.args, forced: true },
});

function merged(
  deployed: ConversionComparison,
  forced: ConversionComparison,
  purpose: Purpose,
  samples: readonly Sample[],
): ConversionComparison {
  const failing = forced.samples.filter((s) => s.verdict === 'fail').map((s) => stepOfId(s.id));
  const told = makeFinding('steps-by-themselves', 'the steps', {
    purpose,
    holds: forced.verdict === 'pass',
    step: failing.length === 0 ? null : Math.min(...failing),
    steps: Math.max(...samples.map((s) => stepOfId(s.id))),
    samples: new Set(samples.map((s) => s.id.replace(/@step\d+$/, ''))).size,
  });
  if (purpose === 'failure') {
    // A doubt says neither of the two.
    if (!['pass', 'fail'].includes(forced.verdict)) return deployed;
    // States that leave under each other's name show as such only where the next step was given the right ones.
    const crossed = forced.findings.filter((f) => f.code === 'outputs-permuted').map(fromReference);
    return { ...deployed, findings: [...deployed.findings, told, ...crossed] };
  }
  if (forced.verdict === 'pass') {
    // The steps answer what the state could not: it stays to be read, and no longer decides.
    const settled = deployed.findings.map(
      (f): RawFinding => (f.code === 'ill-conditioned' ? { ...f, severity: 'warning' } : f),
    );
    const outputs = deployed.outputs.map((o) =>
      o.verdict === 'unverifiable' ? { ...o, verdict: 'pass' as const } : o,
    );
    return { ...deployed, verdict: 'pass', findings: [...settled, told], outputs };
  }
  const added = forced.findings.filter((f) => f.severity === 'error').map(fromReference);
  return {
    ...deployed,
    verdict: worstVerdict([deployed.verdict, forced.verdict]),
    grade: forced.grade ?? deployed.grade,
    findings: [...deployed.findings, ...added],
  };
}
