import type { Conversion } from '../../plan/conversion.ts';
import type { RuntimeInfo } from '../../records/catalogue.ts';
import type { Observation } from '../../records/observation.ts';
import type { Sample } from '../../records/sample.ts';
import type { RunContext } from '../context.ts';
import type { StepResult } from '../step.ts';
import { type ObserveRequest, observeModel } from '../steps/observe.ts';
import type { Probing } from './probing.ts';

/** An observation that may not have come about: then its error. */
export type Attempt = { readonly result: StepResult<Observation> } | { readonly error: unknown };

/** One side as deployed, and what was observed of it beside that. */
export interface Watched {
  /** What was asked for, to ask for more of the same. */
  readonly request: ObserveRequest;
  readonly observation: StepResult<Observation>;
  /** A few samples in a process of its own; null where there is no time for it. */
  readonly fresh: Attempt | null;
  /** All samples with the runtime's optimiser off; null where it has none, or is off as deployed. */
  readonly unoptimised: Attempt | null;
}

/**
 * Runs one side on all samples, and beside that again, alone and unoptimised as `probing` and its runtime have it; of the
 * last a few samples in an ad-hoc comparison, all in suites and with `--deep`.
 * Only the observation as deployed may fail the conversion.
 */
export async function watch(
  ctx: RunContext,
  conversion: Conversion,
  request: ObserveRequest,
  probing: Probing,
): Promise<Watched> {
  const deployed = { ...request, probes: probing.probes };
  const observed = observeModel(ctx, conversion, deployed);
  observed.catch(() => {});
  const options = unoptimisedOptions(conversion[request.role]);
  const plain = conversion.deep ? request.samples : fewSamples(request.samples);
  const unoptimised =
    options === null ? null : attempt(observeModel(ctx, conversion, { ...request, samples: plain, options }));
  const observation = await observed;
  // What cannot run at all is not started a second time.
  const fresh =
    conversion.deep && probing.repeated.length > 0
      ? attempt(observeModel(ctx, conversion, { ...request, samples: probing.repeated, fresh: true }))
      : null;
  return { request, observation, fresh: await fresh, unoptimised: await unoptimised };
}

/** An ad-hoc comparison looks at a few: ordinary values, negative ones (where fused operators part), and the widest. */
const TELLING = ['normal', 'uniform', 'negative', 'extremes', 'large'];
const FEW = 3;

function fewSamples(samples: readonly Sample[]): readonly Sample[] {
  const telling = TELLING.flatMap((name) => samples.find((s) => s.generator === name) ?? []).slice(0, FEW + 1);
  const chosen = telling.filter((s) => s.generator !== 'uniform' || !telling.some((t) => t.generator === 'normal'));
  return chosen.length > 0 ? chosen.slice(0, FEW) : samples.slice(0, FEW);
}

/** What switches the optimiser off; null where nothing does, or it is off already. */
export function unoptimisedOptions({
  runtime,
  options,
}: {
  readonly runtime: RuntimeInfo;
  readonly options: Readonly<Record<string, unknown>>;
}): Readonly<Record<string, unknown>> | null {
  const off = Object.entries(runtime.unoptimised ?? {});
  if (off.every(([name, value]) => (options[name] ?? runtime.options[name]?.default) === value)) return null;
  return Object.fromEntries(off);
}

const attempt = (running: Promise<StepResult<Observation>>): Promise<Attempt> =>
  running.then(
    (result) => ({ result }),
    (error: unknown) => ({ error }),
  );
