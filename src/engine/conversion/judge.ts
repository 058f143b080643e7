import type { ConversionComparison } from '../../compare/compare.ts';
import { agreesToFloor } from '../../compare/fitness/agreement.ts';
import { makeFinding } from '../../core/findings.ts';
import type { Conversion } from '../../plan/conversion.ts';
import type { Observation, SampleRun } from '../../records/observation.ts';
import type { SamplePlan } from '../../records/rules.ts';
import type { Sample } from '../../records/sample.ts';
import { worstVerdict } from '../../records/verdict.ts';
import type { RunContext } from '../context.ts';
import { measureCoverage } from '../steps/coverage.ts';
import { fitnessOf } from './fitness.ts';
import { checkSteps } from './forced.ts';
import { compareWithInstruments } from './instruments.ts';
import { checkOptimisers } from './optimiser.ts';
import type { Probing } from './probing.ts';
import type { ObservedSide } from './side.ts';
import type { Trace } from './trace.ts';
import { unoptimisedOptions, type Watched } from './watched.ts';

/** Both sides, observed on the same samples. */
export interface Observed {
  readonly reference: Watched;
  readonly candidate: Watched;
  readonly samples: readonly Sample[];
  readonly plan: SamplePlan;
  readonly probing: Probing;
}

/**
 * Leaves out what the original itself refuses, measures coverage, asks who is fit, and compares: ordinary samples, and
 * special values apart; then both models with their optimisers off.
 */
export async function judge(
  ctx: RunContext,
  conversion: Conversion,
  { samples, plan, probing, ...watched }: Observed,
  trace: Trace,
): Promise<void> {
  const reference = watched.reference.observation;
  const candidate = watched.candidate.observation;
  trace.refused = refusedSizes(conversion, samples, reference.value);
  for (const { sample, failure } of trace.refused)
    trace.findings.push(makeFinding('size-refused', `sample ${sample}`, { message: failure?.message ?? '' }));
  const judged = samples.filter((s) => !trace.refused.some((r) => r.sample === s.id));
  const ordinary = judged.filter((s) => s.group === undefined);
  const covered = trace.count(await measureCoverage(ctx, conversion, plan, ordinary, reference));
  trace.coverage = covered.value.coverage;
  trace.findings.push(...covered.value.findings);
  const fitness = fitnessOf(
    watched.reference,
    watched.candidate,
    probing,
    trace.artifact?.value,
    conversion.rules.sequence !== undefined,
  );
  trace.spread = fitness.spread;
  const common = {
    inputs: plan.inputs,
    sampleDir: trace.sampleDir,
    declared: trace.artifact?.value.declared ?? [],
    sameFormat: conversion.source.format === conversion.candidate.format,
  };
  const compare = (chosen: readonly Sample[]) =>
    compareWithInstruments(ctx, conversion, { ...common, reference, candidate, samples: chosen, fitness }, trace);
  const special = judged.filter((s) => s.group === 'special');
  const own =
    special.length === 0 || ordinary.length === 0
      ? await compare(judged)
      : withSpecial(await compare(ordinary), await compare(special));
  const deployed = await checkSteps(
    ctx,
    conversion,
    own,
    { ...common, reference, candidate, samples: ordinary, fitness },
    trace,
  );
  trace.comparison = await checkOptimisers(ctx, conversion, deployed, {
    ...watched,
    samples: ordinary,
    agrees: agreesToFloor(deployed.outputs),
    // Rounding is measured again: a floor of the optimised model would hold what its optimiser did.
    compare: (r, c, chosen) =>
      compareWithInstruments(
        ctx,
        conversion,
        { ...common, reference: r, candidate: c, samples: chosen },
        trace,
        unoptimisedSides(conversion, trace.sides),
      ),
  });
}

/** Both sides with their optimisers off, where those can be switched off. */
function unoptimisedSides(conversion: Conversion, sides: Trace['sides']): Trace['sides'] {
  const off = (side: ObservedSide | null): ObservedSide | null => {
    const options = side === null ? null : unoptimisedOptions(conversion[side.role]);
    return side === null || options === null ? side : { ...side, options };
  };
  return { reference: off(sides.reference), candidate: off(sides.candidate) };
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
