import type { ConversionComparison } from '../../compare/compare.ts';
import { makeFinding } from '../../core/findings.ts';
import type { Conversion } from '../../plan/conversion.ts';
import type { Observation, SampleRun } from '../../records/observation.ts';
import type { SamplePlan } from '../../records/rules.ts';
import type { Sample } from '../../records/sample.ts';
import { worstVerdict } from '../../records/verdict.ts';
import type { RunContext } from '../context.ts';
import type { StepResult } from '../step.ts';
import { compareObservations } from '../steps/compare.ts';
import { measureCoverage } from '../steps/coverage.ts';
import type { Trace } from './trace.ts';

/** Both sides, observed on the same samples. */
export interface Observed {
  readonly reference: StepResult<Observation>;
  readonly candidate: StepResult<Observation>;
  readonly samples: readonly Sample[];
  readonly plan: SamplePlan;
}

/** Leaves out what the original itself refuses, measures coverage, and compares: ordinary samples, and special values apart. */
export async function judge(
  ctx: RunContext,
  conversion: Conversion,
  { reference, candidate, samples, plan }: Observed,
  trace: Trace,
): Promise<void> {
  trace.refused = refusedSizes(conversion, samples, reference.value);
  for (const { sample, failure } of trace.refused)
    trace.findings.push(makeFinding('size-refused', `sample ${sample}`, { message: failure?.message ?? '' }));
  const judged = samples.filter((s) => !trace.refused.some((r) => r.sample === s.id));
  const ordinary = judged.filter((s) => s.group === undefined);
  const covered = trace.count(await measureCoverage(ctx, conversion, plan, ordinary, reference));
  trace.coverage = covered.value.coverage;
  trace.findings.push(...covered.value.findings);
  const compare = (chosen: readonly Sample[]) =>
    compareObservations(ctx, conversion, {
      reference,
      candidate,
      inputs: plan.inputs,
      samples: chosen,
      sampleDir: trace.sampleDir,
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
