import type { ConversionComparison } from '../../compare/compare.ts';
import type { Evidence } from '../../compare/evidence.ts';
import { OnparError, toFailure } from '../../core/errors.ts';
import { makeFinding, type RawFinding } from '../../core/findings.ts';
import type { Conversion } from '../../plan/conversion.ts';
import type { Observation } from '../../records/observation.ts';
import type { Sample } from '../../records/sample.ts';
import { PERTURB_STEPS, type PerturbStep } from '../../records/variant.ts';
import type { RunContext } from '../context.ts';
import { declaredStep } from '../conversion/declared-step.ts';
import { observeVariant, reachOf } from '../conversion/instruments.ts';
import type { ObservedSide } from '../conversion/side.ts';
import type { Trace } from '../conversion/trace.ts';
import type { StepResult } from '../step.ts';
import { type CompareRequest, compareObservations } from '../steps/compare.ts';
import { observeModel } from '../steps/observe.ts';
import { perturbedSamples } from '../steps/perturb.ts';
import { type Answered, feedStage } from './feed.ts';

/** A stage of the chain, as its own conversion left it. */
interface Part {
  readonly conversion: Conversion;
  readonly trace: Trace;
}

/** Runs of the reference's chain that rounding moved: as many as of a model by itself. */
const RUNS = 4;

/**
 * The whole chain, each side on its own answers: what errors of all stages add up to at the end. The stages were run and
 * judged by themselves on what the reference hands on; their steps are shared, so only the candidate's chain is new.
 */
export async function joinStages(
  ctx: RunContext,
  conversion: Conversion,
  runStage: (stage: Conversion) => Promise<Trace>,
  trace: Trace,
): Promise<void> {
  const parts = await Promise.all(
    (conversion.stages ?? []).map(async (each) => ({ conversion: each, trace: await runStage(each) })),
  );
  for (const { conversion: stage, trace: own } of parts) {
    if (own.failure === null) continue;
    trace.side = own.failure.side;
    throw new OnparError({
      code: 'stage-failed',
      message: `stage \`${stage.case.stage?.name}\` could not be run: ${toFailure(own.failure.error).message}`,
      fix: `see ${stage.id}`,
      cause: own.failure.error,
    });
  }
  const last = parts.at(-1) as Part;
  const { reference, sampleDir, artifact } = last.trace;
  if (reference === null || sampleDir === null) return;
  Object.assign(trace, {
    samples: last.trace.samples,
    sampleDir,
    artifact,
    reference,
    coverage: last.trace.coverage,
    digests: last.trace.digests,
    environments: last.trace.environments,
    side: 'candidate',
  });
  const candidate = trace.count(
    await runChain(parts, (part) => sideOf(part, 'candidate'), {
      ctx,
      own: (part, output) => candidateName(part, output),
      samples: async ({ trace: own }) => ({ samples: own.samples, sampleDir: own.sampleDir as string }),
      observe: (part, side, fed) => observeModel(ctx, part.conversion, { ...side, ...fed }),
    }),
  );
  trace.candidate = candidate;
  const request: CompareRequest = {
    reference,
    candidate,
    inputs: sideOf(last, 'reference').inputs,
    samples: last.trace.samples,
    sampleDir,
    declared: artifact?.value.declared ?? [],
    sameFormat: last.conversion.source.format === last.conversion.candidate.format,
  };
  const first = trace.count(await compareObservations(ctx, conversion, request)).value;
  const judged =
    first.open.length === 0
      ? first
      : trace.count(
          await compareObservations(ctx, conversion, { ...request, evidence: await chainFloor(ctx, parts, trace) }),
        ).value;
  trace.comparison = { ...judged, findings: [...judged.findings, ...jointFindings(judged, parts)] };
}

function sideOf({ conversion, trace }: Part, role: 'reference' | 'candidate'): ObservedSide {
  const side = trace.sides[role];
  if (side === null) throw new Error(`${conversion.id} has no ${role}`);
  return side;
}

/** How the candidate of a stage calls an output of its reference: as its own comparison paired them. */
const candidateName = ({ trace }: Part, output: string): string =>
  trace.comparison?.outputs.find((o) => o.name === output)?.candidateName ?? output;

interface Chain {
  readonly ctx: RunContext;
  readonly own: (part: Part, output: string) => string;
  /** The stage's samples, of which the joints are replaced. */
  readonly samples: (part: Part) => Promise<Fed>;
  readonly observe: (part: Part, side: ObservedSide, fed: Fed) => Promise<StepResult<Observation>>;
}

interface Fed {
  readonly samples: readonly Sample[];
  readonly sampleDir: string;
}

/** Runs the stages one after another, each on what the ones before it answered on this side. */
async function runChain(
  parts: readonly Part[],
  side: (part: Part) => ObservedSide,
  { ctx, own, samples, observe }: Chain,
): Promise<StepResult<Observation>> {
  const answered = new Map<string, Answered>();
  let last: StepResult<Observation> | undefined;
  for (const part of parts) {
    const { stage } = part.conversion.case;
    const base = await samples(part);
    const names = [...new Set(stage?.joints.map((j) => j.stage))];
    const fed = await feedStage(ctx, part.conversion, {
      inputs: side(part).inputs,
      ...base,
      given: (input) => input,
      before: names.flatMap((name) => answered.get(name) ?? []),
    });
    last = await observe(part, side(part), { samples: fed.value, sampleDir: fed.dir });
    answered.set(stage?.name ?? '', {
      stage: stage?.name ?? '',
      observation: last,
      own: (output) => own(part, output),
    });
  }
  return last as StepResult<Observation>;
}

/** The reference's chain again, inputs and the weights of every stage moved by one step: rounding adds up along it too. */
async function chainFloor(
  ctx: RunContext,
  parts: readonly Part[],
  trace: Trace,
): Promise<NonNullable<CompareRequest['evidence']>> {
  const step = coarsest(parts.map((part) => declaredStep(part.conversion, part.trace)));
  const reaches = parts.map((part) => reachOf(part.conversion, sideOf(part, 'reference')));
  const reach = reaches.includes('inputs') ? 'inputs' : 'weights';
  const runs: StepResult<Observation>[] = [];
  for (let seed = 1; seed <= RUNS; seed++) {
    const run = await runChain(parts, (part) => sideOf(part, 'reference'), {
      ctx,
      own: (_, output) => output,
      samples: async (part) => {
        const { samples, sampleDir } = part.trace;
        const { inputs } = sideOf(part, 'reference');
        const moved = await perturbedSamples(ctx, part.conversion, {
          samples,
          sampleDir: sampleDir as string,
          inputs,
          step,
          seed,
        });
        return { samples: moved.value, sampleDir: moved.dir };
      },
      observe: async (part, side, fed) => {
        const varied = await observeVariant({ ctx, conversion: part.conversion, trace }, side, {
          ...fed,
          perturb: reachOf(part.conversion, side) === 'weights' ? { step, seed } : null,
          float64: false,
          label: `measuring the noise floor of the chain, run ${seed} of ${RUNS}`,
        });
        return varied ?? observeModel(ctx, part.conversion, { ...side, ...fed });
      },
    });
    runs.push(run);
  }
  const evidence: Evidence = {
    step,
    reach,
    perturbed: runs.map(({ value, dir }) => ({ observation: value, dir })),
    reference64: null,
    candidate64: null,
    perturbed64: [],
    accumulated64: [],
    spread: [],
  };
  return { evidence, ids: [step, reach, runs.map((r) => r.id)] };
}

/** The lowest precision that a stage declares is the chain's. */
const coarsest = (steps: readonly PerturbStep[]): PerturbStep =>
  steps.reduce((a, b) => (PERTURB_STEPS.indexOf(b) > PERTURB_STEPS.indexOf(a) ? b : a));

/** Which joint breaks the chain, or that none does and errors add up. */
function jointFindings({ verdict }: ConversionComparison, parts: readonly Part[]): RawFinding[] {
  const names = parts.map(({ conversion }) => conversion.case.stage?.name ?? '');
  const broken = parts.filter(({ trace }) => trace.comparison?.verdict !== 'pass');
  const [first] = broken;
  if (first !== undefined)
    return [
      makeFinding('joint-broken', 'the chain', {
        stage: first.conversion.case.stage?.name,
        conversion: first.conversion.id,
        verdict: first.trace.comparison?.verdict ?? 'error',
        others: broken.slice(1).map(({ conversion }) => conversion.case.stage?.name),
        chain: names,
        end: verdict,
      }),
    ];
  return verdict === 'fail' ? [makeFinding('joints-add-up', 'the chain', { chain: names })] : [];
}
