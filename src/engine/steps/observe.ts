import { join, relative } from 'node:path';
import { OnparError, toFailure } from '../../core/errors.ts';
import type { Conversion } from '../../plan/conversion.ts';
import type { RuntimeInfo } from '../../records/catalogue.ts';
import type { IoContract } from '../../records/contract.ts';
import type { Observation, SampleRun } from '../../records/observation.ts';
import type { InputPlan } from '../../records/rules.ts';
import type { Sample } from '../../records/sample.ts';
import type { Variant } from '../../records/variant.ts';
import type { StepRequest, Verbs } from '../../workers/protocol.ts';
import type { Worker } from '../../workers/worker.ts';
import type { RunContext } from '../context.ts';
import { resolveHost } from '../hosts.ts';
import { cpuFeatures } from '../machine.ts';
import type { KeyedModel } from '../model-key.ts';
import type { ResolvedHost } from '../resolved-host.ts';
import type { StepResult } from '../step.ts';
import { fedProbes, type Probe } from './probes.ts';

export interface ObserveRequest {
  readonly role: 'reference' | 'candidate';
  readonly model: KeyedModel;
  readonly inputs: readonly InputPlan[];
  readonly samples: readonly Sample[];
  readonly sampleDir: string;
  /** Given the model's own contract, which inputs are called differently there. */
  readonly rename: (contract: IoContract) => Record<string, string>;
  /** What `rename` hangs on, for the key. */
  readonly renameKey: unknown;
  /** Inputs whose axes come in another order there, by sample name. */
  readonly layouts?: Readonly<Record<string, readonly number[]>>;
  /** Outputs whose axes come in another order there, by the model's name: recorded in the original's order. */
  readonly outputLayouts?: Readonly<Record<string, readonly number[]>>;
  /** Given the model's own contract, how it goes from step to step; missing: a sample is one run. */
  readonly steps?: (contract: IoContract) => StepRequest;
  /** What `steps` hangs on, for the key. */
  readonly stepsKey?: unknown;
  /** Run otherwise than deployed: in another runtime, with other options, as a variant. */
  readonly otherwise?: {
    readonly runtime: RuntimeInfo;
    readonly options: Readonly<Record<string, unknown>>;
    readonly variant: Variant | null;
    /** For progress lines. */
    readonly label: string;
  };
  /** Further runs behind those of the samples, recorded apart. */
  readonly probes?: readonly Probe[];
  /** Options of the runtime that take the place of the conversion's own: its optimiser switched off. */
  readonly options?: Readonly<Record<string, unknown>>;
  /** In a process that has run nothing before and ends with it. */
  readonly fresh?: boolean;
  /** Tensors of the model's graph that are given out beside the outputs; only of runtimes with `taps`. */
  readonly taps?: readonly string[];
}

/** Workers that may die over one observation before the samples left are given up: a crash on every sample is one fault, not many. */
const MAX_DEATHS = 2;

/** Runs a model on all samples. A sample that fails, or kills the worker, is a result of its own; the others go on. */
export async function observeModel(
  ctx: RunContext,
  conversion: Conversion,
  request: ObserveRequest,
): Promise<StepResult<Observation>> {
  const { runtime, variant } = runtimeOf(conversion, request);
  const options = optionsOf(conversion, request);
  const place = await resolveHost(ctx, conversion, runtime, request.role);
  return ctx.steps.run<Observation>({
    kind: 'observe',
    version: 3,
    inputs: {
      runtime: runtime.name,
      options,
      ...(variant === null ? {} : { variant }),
      model: request.model.key,
      inputs: request.inputs.map(({ name, dtype, shape }) => [name, dtype, shape]),
      rename: request.renameKey,
      ...(request.layouts === undefined ? {} : { layouts: request.layouts }),
      ...(request.outputLayouts === undefined ? {} : { outputLayouts: request.outputLayouts }),
      ...(request.stepsKey === undefined ? {} : { steps: request.stepsKey }),
      samples: request.samples.map((s) => [s.id, s.digest]),
      probes: (request.probes ?? []).map(({ id, sample, row }) => [id, sample.digest, row]),
      replica: request.fresh === true ? 'fresh' : null,
      ...(request.taps === undefined ? {} : { taps: request.taps }),
      place: place.digest,
      cpu: cpuFeatures(),
      threads: process.env.OMP_NUM_THREADS ?? null,
    },
    conversion: conversion.id,
    label: labelOf(runtime.name, request),
    run: (dir) => observe(ctx, conversion, request, place, dir),
  });
}

/** The runtime as deployed, unless the request names another. */
const runtimeOf = (conversion: Conversion, { role, otherwise }: ObserveRequest) =>
  otherwise ?? { ...conversion[role], variant: null };

const optionsOf = (conversion: Conversion, request: ObserveRequest): Readonly<Record<string, unknown>> => ({
  ...runtimeOf(conversion, request).options,
  ...request.options,
});

const labelOf = (runtime: string, { fresh, options, otherwise }: ObserveRequest): string =>
  otherwise?.label ??
  `running ${runtime}${fresh === true ? ' in a new process' : ''}${options === undefined ? '' : ' unoptimised'}`;

async function observe(
  ctx: RunContext,
  conversion: Conversion,
  request: ObserveRequest,
  place: ResolvedHost,
  dir: string,
) {
  const runs: SampleRun[] = [];
  const mutated = new Set<string>();
  const dependencies = new Set<string>();
  let opened: Verbs['open']['result'] | undefined;
  let openMilliseconds = 0;
  let peak: number | null = null;
  let log = '';
  let deaths = 0;
  const changed = new Set<string>();
  const drewFrom = new Set<string>();
  const probes = new Set(request.probes?.map(({ id }) => id));
  let left: readonly Fed[] = [
    ...request.samples.map(({ id, file }) => ({ id, inputs: join(request.sampleDir, file) })),
    ...fedProbes(request.probes ?? [], request.sampleDir, () => ctx.pool.scratch('probes')),
  ];
  const lend = request.fresh === true ? ctx.withFreshWorker.bind(ctx) : ctx.withWorker.bind(ctx);
  while (left.length > 0 || opened === undefined) {
    // After a death, one sample at a time, so that the one that kills is known.
    const batch = deaths === 0 ? left : left.slice(0, 1);
    const died = await lend(place.host, async (worker) => {
      const position = worker.log.position;
      try {
        const started = performance.now();
        opened = await openModel(worker, conversion, request);
        openMilliseconds = performance.now() - started;
        const answer = await runBatch(worker, conversion, request, opened, batch, dir);
        for (const run of answer.samples) {
          for (const name of run.mutatedInputs ?? []) mutated.add(name);
          runs.push(recorded(run, dir));
        }
        for (const name of answer.changedState ?? []) changed.add(name);
        for (const name of answer.drewFrom ?? []) drewFrom.add(name);
        for (const path of [...opened.dependencies, ...(answer.dependencies ?? [])]) dependencies.add(path);
        peak = Math.max(peak ?? 0, answer.peakMemoryBytes ?? 0) || null;
        return undefined;
      } catch (error) {
        // Without a session there is nothing to go on with: the model itself is the failure.
        if (opened === undefined || worker.alive || ctx.pool.ended) throw error;
        return toFailure(error);
      } finally {
        log = `${log}${worker.log.since(position)}`.slice(-16_000);
      }
    });
    if (died === undefined) {
      left = left.slice(batch.length);
      continue;
    }
    deaths++;
    if (deaths > 1 || left.length === 1) {
      const lost = deaths > MAX_DEATHS || left.length === 1 ? left : batch;
      for (const sample of lost) runs.push({ sample: sample.id, outputs: [], milliseconds: 0, failure: died });
      left = left.slice(lost.length);
    }
  }
  if (opened === undefined)
    throw new OnparError({ code: 'model-load-failed', message: `${conversion.id}: the model was not opened` });
  const value: Observation = {
    runtime: runtimeOf(conversion, request).runtime.name,
    version: opened.version,
    options: { ...optionsOf(conversion, request) },
    packages: { ...place.packages },
    contract: opened.contract,
    facts: {
      ...opened.facts,
      ...(mutated.size > 0 ? { mutatedInputs: [...mutated] } : {}),
      ...(changed.size > 0 ? { changedState: [...changed] } : {}),
      ...(drewFrom.size > 0 ? { drewFrom: [...drewFrom] } : {}),
    },
    samples: runs.filter(({ sample }) => !probes.has(sample)),
    ...(probes.size > 0 ? { probes: runs.filter(({ sample }) => probes.has(sample)) } : {}),
    findings: [...opened.findings],
    openMilliseconds,
    peakMemoryBytes: peak,
    log: log.trim(),
  };
  // A server may answer otherwise tomorrow, and nothing here would tell.
  const isRemote = runtimeOf(conversion, request).runtime.remote === true;
  return { value, dependencies: [...dependencies], transient: deaths > 0 || isRemote };
}

/** One run that a worker is asked for: a sample or a probe, and where its inputs lie. */
interface Fed {
  readonly id: string;
  readonly inputs: string;
}

function openModel(worker: Worker, conversion: Conversion, request: ObserveRequest): Promise<Verbs['open']['result']> {
  const { model, inputs } = request;
  const { runtime, variant } = runtimeOf(conversion, request);
  return worker.request(
    'open',
    {
      runtime: runtime.name,
      model: model.ref,
      options: { ...optionsOf(conversion, request) },
      inputs: inputs.map(({ name, dtype, shape }) => ({ name, dtype, shape })),
      ...(variant === null ? {} : { variant }),
      ...(request.taps === undefined ? {} : { taps: true as const }),
    },
    { timeoutMs: conversion.case.timeoutMs },
  );
}

async function runBatch(
  worker: Worker,
  conversion: Conversion,
  request: ObserveRequest,
  opened: Verbs['open']['result'],
  samples: readonly Fed[],
  dir: string,
): Promise<Verbs['run']['result']> {
  const { session } = opened;
  const timeoutMs = conversion.case.timeoutMs;
  const answer = await worker.request(
    'run',
    {
      session,
      samples,
      outDir: dir,
      rename: request.rename(opened.contract),
      ...(request.layouts === undefined ? {} : { layouts: request.layouts }),
      ...(request.outputLayouts === undefined ? {} : { outputLayouts: request.outputLayouts }),
      ...(request.steps === undefined ? {} : { sequence: request.steps(opened.contract) }),
      ...(request.taps === undefined ? {} : { taps: request.taps }),
    },
    { timeoutMs },
  );
  await worker.request('close', { session }, { timeoutMs });
  return answer;
}

/** A worker's answer as a record: file names relative to the step's folder, so that the store can be moved. */
function recorded({ sample, file, outputs, milliseconds, failure, tapped }: SampleRun, dir: string): SampleRun {
  return {
    sample,
    ...(file === undefined ? {} : { file: relative(dir, file) }),
    outputs,
    milliseconds,
    ...(failure === undefined ? {} : { failure }),
    ...(tapped === undefined ? {} : { tapped: { ...tapped, file: relative(dir, tapped.file) } }),
  };
}
