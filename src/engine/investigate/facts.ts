import { toFailure } from '../../core/errors.ts';
import type { CaseFacts, OutputFacts } from '../../investigate/lab.ts';
import type { Conversion } from '../../plan/conversion.ts';
import type { OutputComparison } from '../../records/comparison.ts';
import type { Num } from '../../records/numbers.ts';
import { declaredStep } from '../conversion/declared-step.ts';
import type { Trace } from '../conversion/trace.ts';

/** What is known of a failure before anything is looked into. */
export function factsOf(conversion: Conversion, trace: Trace): CaseFacts {
  const { comparison, failure } = trace;
  const rows = comparison?.contract ?? [];
  const outputs = comparison?.outputs ?? [];
  const worst = worstBySample(outputs);
  const refused = new Set(trace.refused.map(({ sample }) => sample));
  const judged = trace.samples.filter(({ id }) => !refused.has(id));
  const samples = judged.map(({ id, inputs, group }) => ({
    id,
    failed: (comparison?.samples.find((s) => s.id === id)?.verdict ?? 'error') !== 'pass',
    elements: inputs.reduce((sum, { shape }) => sum + shape.reduce((n, d) => n * d, 1), 0),
    group: group ?? null,
  }));
  return {
    id: conversion.id,
    declared: declaredStep(conversion, trace),
    outputs: outputs.map(outputFacts),
    inputs: rows.flatMap(({ side, reference, candidate }) =>
      side === 'input' && reference !== null && candidate !== null
        ? [{ reference: reference.name, candidate: candidate.name }]
        : [],
    ),
    samples: samples.sort(
      (a, b) => Number(b.failed) - Number(a.failed) || (worst.get(b.id) ?? 0) - (worst.get(a.id) ?? 0),
    ),
    findings: [...trace.findings, ...(comparison?.findings ?? [])],
    failure: failure === null ? null : { side: failure.side, ...named(failure.error) },
  };
}

function named(error: unknown): { code: string; message: string } {
  const { code, message } = toFailure(error);
  return { code, message };
}

const numberOf = (value: Num | null | undefined): number | null => (value == null ? null : Number(value));

function outputFacts(output: OutputComparison): OutputFacts {
  return {
    reference: output.name,
    candidate: output.candidateName ?? output.name,
    failed: output.verdict !== 'pass',
    maxAbs: numberOf(output.metrics.maxAbs),
    scale: numberOf(output.metrics.scale),
    floor: numberOf(output.noiseFloor),
  };
}

/** How far off each sample is at most, in noise floors where those were measured, else relative to scale. */
function worstBySample(outputs: readonly OutputComparison[]): Map<string, number> {
  const worst = new Map<string, number>();
  for (const { samples } of outputs)
    for (const { sample, ratio, scaled } of samples)
      worst.set(sample, Math.max(worst.get(sample) ?? 0, numberOf(ratio) ?? numberOf(scaled) ?? 0));
  return worst;
}
