import { statSync } from 'node:fs';
import type { ConversionComparison } from '../../compare/compare.ts';
import type { Evidence, Variation } from '../../compare/evidence.ts';
import { toFailure } from '../../core/errors.ts';
import { makeFinding } from '../../core/findings.ts';
import type { Format } from '../../formats/known.ts';
import { modelFiles, weightFiles } from '../../formats/model-files.ts';
import type { Conversion } from '../../plan/conversion.ts';
import type { Observation } from '../../records/observation.ts';
import type { Sample } from '../../records/sample.ts';
import type { PerturbStep, Variant } from '../../records/variant.ts';
import type { RunContext } from '../context.ts';
import type { StepResult } from '../step.ts';
import { type CompareRequest, compareObservations } from '../steps/compare.ts';
import { inspectOnnx } from '../steps/inspect.ts';
import { observeModel } from '../steps/observe.ts';
import { movesInFile, perturbedModel, perturbedSamples } from '../steps/perturb.ts';
import { computedLower } from './computed-precision.ts';
import { declaredStep } from './declared-step.ts';
import { inspectTfjs } from './inspect-tfjs.ts';
import type { ObservedSide } from './side.ts';
import type { Trace } from './trace.ts';
import { twinOf } from './twin.ts';

/** Runs of the reference that rounding moved; four told floors apart wherever they were tried, small outputs need more. */
const RUNS = 4;
const RUNS_OF_SMALL = 8;
const SMALL_ELEMENTS = 1024;
/** Runs of the float64 reference with moved weights, and with its sums off by their bounds. */
const RUNS_64 = 3;
const SIGNS = ['up', 'random'] as const;
/** Samples that float64 looks at in a large model, those furthest off first: numpy takes a hundred times as long as a runtime. */
const SAMPLES_64 = 8;
const LARGE_BYTES = 8 * 1024 ** 2;
const LARGE_ELEMENTS = 2 ** 17;

interface Measuring {
  readonly ctx: RunContext;
  readonly conversion: Conversion;
  readonly trace: Trace;
  readonly step: PerturbStep;
  readonly request: CompareRequest;
  readonly reference: ObservedSide;
  readonly candidate: ObservedSide;
  readonly sampleDir: string;
}

/** Evidence and the steps that it came from, for the key of the comparison. */
interface Measured {
  readonly evidence: Evidence;
  readonly ids: readonly unknown[];
}

/**
 * Compares, and measures only what the comparison still leaves open (design 6.4): bit-identical outputs need nothing, most
 * others the noise floor, and what lies between its clear answers float64.
 */
export async function compareWithInstruments(
  ctx: RunContext,
  conversion: Conversion,
  given: CompareRequest,
  trace: Trace,
  { reference, candidate }: Trace['sides'] = trace.sides,
): Promise<ConversionComparison> {
  const first = trace.count(await compareObservations(ctx, conversion, given)).value;
  if (first.open.length === 0 || reference === null || candidate === null || given.sampleDir === null) return first;
  const step = declaredStep(conversion, trace);
  // Bit-identical outputs leave nothing to ask the files.
  const models = { reference: reference.model, candidate: candidate.model, step };
  const inspection = await inspectOnnx(ctx, conversion, models);
  const inspected = [
    ...(inspection === null ? [] : trace.count(inspection).value),
    ...inspectTfjs(models, given.reference.value.facts),
    ...computedLower(given.reference.value.facts, given.candidate.value.facts, step),
  ];
  const request: CompareRequest = inspected.length === 0 ? given : { ...given, inspected };
  const about: Measuring = { ctx, conversion, trace, step, request, reference, candidate, sampleDir: given.sampleDir };
  const isSmall = outputElements(request, request.samples) <= SMALL_ELEMENTS;
  // Of a declared precision the floor alone decides: it is measured as well as it can be from the start.
  let floor = await measureFloor(about, isSmall && step !== 'float32' ? RUNS_OF_SMALL : RUNS);
  let second = trace.count(await compareObservations(ctx, conversion, { ...request, evidence: floor })).value;
  // The few elements of a small output may all have been lucky: more runs cost less than float64.
  if (second.open.length > 0 && isSmall) {
    floor = await measureFloor(about, RUNS_OF_SMALL);
    second = trace.count(await compareObservations(ctx, conversion, { ...request, evidence: floor })).value;
  }
  if (second.open.length === 0) return second;
  const chosen = isLarge(about) ? openSamples(second, request.samples, SAMPLES_64) : request.samples;
  const twins = await measureTwins(about, floor, chosen);
  if (twins === null) return second;
  return trace.count(await compareObservations(ctx, conversion, { ...request, evidence: twins })).value;
}

/** The samples of the open outputs, in turn: each output's furthest first. */
function openSamples({ open }: ConversionComparison, samples: readonly Sample[], atMost: number): readonly Sample[] {
  const longest = Math.max(0, ...open.map((o) => o.samples.length));
  const order = Array.from({ length: longest }, (_, i) => open.flatMap((o) => o.samples[i] ?? [])).flat();
  const chosen = new Set([...new Set(order)].slice(0, atMost));
  return samples.filter((s) => chosen.has(s.id));
}

/**
 * Small models are evaluated on all samples, so that all candidates of one reference share what was measured of it; of a large
 * one only what is open is looked at.
 */
function isLarge({ reference, candidate, request }: Measuring): boolean {
  const bytes = [reference, candidate].map(({ model: { ref } }) => {
    const files = ref.callable === undefined ? modelFiles(ref.path, ref.format as Format) : [ref.path];
    return [...files, ...(ref.weights === undefined ? [] : weightFiles(ref.weights))].reduce(
      (n, f) => n + statSync(f).size,
      0,
    );
  });
  const elements = request.samples.flatMap((s) => s.inputs.map(({ shape }) => shape.reduce((n, d) => n * d, 1)));
  return Math.max(...bytes) > LARGE_BYTES || Math.max(0, ...elements) > LARGE_ELEMENTS;
}

/** The reference again, with its inputs and (where they can be reached) its weights moved by one step. */
async function measureFloor(about: Measuring, count: number): Promise<Measured> {
  const { ctx, conversion, request, step, reference } = about;
  const { samples } = request;
  const runs: StepResult<Observation>[] = [];
  const reach = reachOf(conversion, reference);
  for (let seed = 1; seed <= count; seed++) {
    const moved = about.trace.count(
      await perturbedSamples(ctx, conversion, {
        samples,
        sampleDir: about.sampleDir,
        inputs: reference.inputs,
        step,
        seed,
      }),
    );
    const result = await attempt(about, () =>
      observeVariant(about, reference, {
        samples: moved.value,
        sampleDir: moved.dir,
        perturb: reach === 'weights' ? { step, seed } : null,
        moveStates: seed,
        float64: false,
        label: `measuring the noise floor, run ${seed} of ${count}`,
      }),
    );
    if (result === null) break;
    runs.push(result);
  }
  return {
    evidence: {
      step,
      reach,
      perturbed: runs.map(variationOf),
      reference64: null,
      candidate64: null,
      perturbed64: [],
      accumulated64: [],
      spread: about.trace.spread,
    },
    ids: [step, reach, about.trace.spread, runs.map((r) => r.id)],
  };
}

/** Both sides in float64, and how far weights and sums may move the reference there. Null: the reference has no twin here. */
async function measureTwins(about: Measuring, floor: Measured, samples: readonly Sample[]): Promise<Measured | null> {
  const { step, sampleDir } = about;
  const observe = (side: ObservedSide, what: Partial<VariantRun>) =>
    attempt(about, () =>
      observeVariant(about, side, {
        samples,
        sampleDir,
        perturb: null,
        float64: true,
        label: `evaluating the ${side.role} in float64`,
        ...what,
      }),
    );
  // The candidate's twin runs in another process: both are slow, and neither waits for the other.
  const ofCandidate = observe(about.candidate, {});
  const reference64 = await observe(about.reference, {});
  const candidate64 = await ofCandidate;
  if (reference64 === null) return null;
  const perturbed64: StepResult<Observation>[] = [];
  for (let seed = 1; seed <= RUNS_64; seed++) {
    const run = await observe(about.reference, {
      perturb: { step, seed },
      label: `moving weights in float64, run ${seed} of ${RUNS_64}`,
    });
    if (run === null) break;
    perturbed64.push(run);
  }
  const accumulated64: StepResult<Observation>[] = [];
  for (const sign of SIGNS) {
    const run = await observe(about.reference, {
      accumulate: { sign, seed: 1 },
      label: 'bounding long sums in float64',
    });
    if (run === null) break;
    accumulated64.push(run);
  }
  return {
    evidence: {
      ...floor.evidence,
      reference64: variationOf(reference64),
      candidate64: candidate64 === null ? null : variationOf(candidate64),
      perturbed64: perturbed64.map(variationOf),
      accumulated64: accumulated64.map(variationOf),
    },
    ids: [
      ...floor.ids,
      reference64.id,
      candidate64?.id ?? null,
      perturbed64.map((r) => r.id),
      accumulated64.map((r) => r.id),
    ],
  };
}

const variationOf = ({ value, dir }: StepResult<Observation>): Variation => ({ observation: value, dir });

interface VariantRun {
  readonly samples: readonly Sample[];
  readonly sampleDir: string;
  readonly perturb: { readonly step: PerturbStep; readonly seed: number } | null;
  readonly float64: boolean;
  readonly accumulate?: NonNullable<Variant['accumulate']>;
  /** Seed with which the states of a sequence are moved. */
  readonly moveStates?: number;
  readonly label: string;
}

/** Runs a variant of a side; null where its runtime (and its twin, for float64) does not offer it. */
export async function observeVariant(
  { ctx, conversion, trace }: Pick<Measuring, 'ctx' | 'conversion' | 'trace'>,
  side: ObservedSide,
  { samples, sampleDir, perturb, float64, accumulate, moveStates, label }: VariantRun,
): Promise<StepResult<Observation> | null> {
  const deployed = conversion[side.role];
  const runtime = float64 ? twinOf(deployed.runtime, side) : deployed.runtime;
  if (runtime === null) return null;
  const inFile = perturb !== null && movesInFile(side.model.ref.format);
  const variant: Variant = {
    ...(float64 ? { precision: 'float64' as const } : {}),
    ...(perturb === null || inFile ? {} : { perturb }),
    ...(accumulate === undefined ? {} : { accumulate }),
  };
  if (perturb !== null && !inFile && runtime.variants?.includes('perturb') !== true) return null;
  if (accumulate !== undefined && runtime.variants?.includes('accumulate') !== true) return null;
  const model = inFile && perturb !== null ? await perturbedModel(ctx, conversion, side.model, perturb) : side.model;
  // Options belong to the side's own runtime, its optimiser's among them.
  const { options = {}, ...own } = side;
  const asked = moveStates === undefined ? own : movingStates(own, moveStates);
  return trace.count(
    await observeModel(ctx, conversion, {
      ...asked,
      model,
      samples,
      sampleDir,
      otherwise: {
        runtime,
        options: runtime === deployed.runtime ? { ...deployed.options, ...options } : {},
        variant: Object.keys(variant).length === 0 ? null : variant,
        label,
      },
    }),
  );
}

/** A state rounds in every step, as an input does in its one: it is moved on its way as well. */
const movingStates = <T extends Pick<ObservedSide, 'steps' | 'stepsKey'>>(side: T, seed: number): T => {
  const { steps } = side;
  if (steps === undefined) return side;
  return {
    ...side,
    steps: (contract) => ({ ...steps(contract), move: seed }),
    stepsKey: [side.stepsKey, 'moved', seed],
  };
};

/** What of a reference can be moved to measure its floor. */
export const reachOf = (conversion: Conversion, reference: ObservedSide): 'weights' | 'inputs' =>
  movesInFile(reference.model.ref.format) || conversion.reference.runtime.variants?.includes('perturb') === true
    ? 'weights'
    : 'inputs';

/** An instrument that fails is no failure of the conversion: what it would have told stays unknown, and it is said. */
async function attempt<T>({ trace, ctx }: Measuring, run: () => Promise<T | null>): Promise<T | null> {
  try {
    return await run();
  } catch (error) {
    if (ctx.signal.aborted) throw error;
    trace.findings.push(makeFinding('instrument-failed', 'measuring rounding', { message: toFailure(error).message }));
    return null;
  }
}

function outputElements({ reference }: CompareRequest, samples: readonly Sample[]): number {
  const ids = new Set(samples.map((s) => s.id));
  const counts = reference.value.samples
    .filter((run) => ids.has(run.sample))
    .map((run) => Math.max(0, ...run.outputs.map((o) => o.shape.reduce((n, d) => n * d, 1))));
  return Math.max(0, ...counts);
}
