import { type ConversionComparison, compareConversion } from '../../compare/compare.ts';
import type { Evidence } from '../../compare/evidence.ts';
import type { Fitness } from '../../compare/fitness/fitness.ts';
import type { RawFinding } from '../../core/findings.ts';
import type { Conversion } from '../../plan/conversion.ts';
import type { DeclaredChange } from '../../records/artifact.ts';
import type { Observation } from '../../records/observation.ts';
import type { InputPlan } from '../../records/rules.ts';
import type { Sample } from '../../records/sample.ts';
import type { RunContext } from '../context.ts';
import type { StepResult } from '../step.ts';

export interface CompareRequest {
  readonly reference: StepResult<Observation>;
  readonly candidate: StepResult<Observation>;
  readonly inputs: readonly InputPlan[];
  readonly samples: readonly Sample[];
  /** Folder of the samples' files; null where nothing was fed. */
  readonly sampleDir: string | null;
  readonly declared: readonly DeclaredChange[];
  readonly sameFormat: boolean;
  /** What reading the models' files told. */
  readonly inspected?: readonly RawFinding[];
  /** What was measured to tell rounding from fault, and what it was measured from, for the key. */
  readonly evidence?: { readonly evidence: Evidence; readonly ids: unknown };
  /** Missing for recorded tensors, and where it was judged before. */
  readonly fitness?: Fitness;
}

/** Measures and judges; needs no model, only what was observed. */
export function compareObservations(
  ctx: RunContext,
  conversion: Conversion,
  request: CompareRequest,
): Promise<StepResult<ConversionComparison>> {
  const { reference, candidate, samples, declared, sameFormat, fitness } = request;
  return ctx.steps.run<ConversionComparison>({
    kind: 'compare',
    version: 3,
    inputs: {
      reference: reference.id,
      candidate: candidate.id,
      rules: conversion.rules,
      declared,
      sameFormat,
      fitness: fitness ?? null,
      inputs: request.inputs,
      samples: samples.map((s) => s.id),
      ...(request.evidence === undefined ? {} : { evidence: request.evidence.ids }),
      ...(request.inspected === undefined ? {} : { inspected: request.inspected }),
      labels: samples.flatMap((s) => s.labels?.digest ?? []),
    },
    conversion: conversion.id,
    label: 'comparing',
    run: async () => {
      const contract = reference.value.contract;
      // Code declares no inputs; what the suite planned for it stands in, so that a dropped or frozen input is seen.
      const planned =
        contract !== null && contract.inputs.length === 0
          ? { ...contract, inputs: request.inputs.map(({ name, dtype, shape }) => ({ name, dtype, shape })) }
          : contract;
      return {
        value: await compareConversion({
          reference: { contract: planned, observation: reference.value, dir: reference.dir },
          candidate: { contract: candidate.value.contract, observation: candidate.value, dir: candidate.dir },
          samples,
          sampleDir: request.sampleDir,
          declared,
          sameFormat,
          byName: conversion.source.format === 'savedmodel',
          rules: conversion.rules,
          ...(request.evidence === undefined ? {} : { evidence: request.evidence.evidence }),
          ...(request.inspected === undefined ? {} : { inspected: request.inspected }),
          ...(fitness === undefined ? {} : { fitness }),
        }),
      };
    },
  });
}
