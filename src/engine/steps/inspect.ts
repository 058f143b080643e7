import { statSync } from 'node:fs';
import { makeFinding, type RawFinding } from '../../core/findings.ts';
import type { LowerPrecision } from '../../formats/onnx/precision.ts';
import type { QuantisationFinding } from '../../formats/onnx/quantisation-findings.ts';
import type { Conversion } from '../../plan/conversion.ts';
import type { PerturbStep } from '../../records/variant.ts';
import type { RunContext } from '../context.ts';
import type { KeyedModel } from '../model-key.ts';
import type { StepResult } from '../step.ts';

/** Reading a graph with all its weights costs more than it tells beyond this. */
const MAX_BYTES = 1024 ** 3;

/**
 * What the files of two ONNX models say about precision, whatever the samples reach: weights and computations in fewer bits
 * than declared, and scales and zero points that cannot follow from the reference's weights (design 6.4).
 */
export async function inspectOnnx(
  ctx: RunContext,
  conversion: Conversion,
  { reference, candidate, step }: { reference: KeyedModel; candidate: KeyedModel; step: PerturbStep },
): Promise<StepResult<readonly RawFinding[]> | null> {
  const models = [reference, candidate];
  if (models.some(({ ref }) => ref.format !== 'onnx' || statSync(ref.path).size > MAX_BYTES)) return null;
  return ctx.steps.run<readonly RawFinding[]>({
    kind: 'describe',
    version: 2,
    inputs: { precision: [reference.digest, candidate.digest], step },
    conversion: conversion.id,
    label: 'reading precision and quantisation',
    run: async () => {
      // The reader of ONNX files is loaded only where there is one to read.
      const { lowerThan, readPrecision } = await import('../../formats/onnx/precision.ts');
      const lower = lowerThan(readPrecision(reference.ref.path), readPrecision(candidate.ref.path));
      if (step !== 'int8') return { value: step === 'float32' ? precisionFindings(lower) : [] };
      const { quantisationFindings } = await import('../../formats/onnx/quantisation-findings.ts');
      return { value: quantisationFindings(candidate.ref.path, reference.ref.path).map(quantisationFinding) };
    },
  });
}

/** Names that a sentence can hold. */
const SHOWN = 3;

function precisionFindings({ weights, halfWeights, castsDown, computeTypes, quantised }: LowerPrecision): RawFinding[] {
  const some = (names: readonly string[]): string =>
    `${names.slice(0, SHOWN).join(', ')}${names.length > SHOWN ? ` and ${names.length - SHOWN} more` : ''}`;
  const [half] = halfWeights;
  const [cast] = castsDown;
  const facts = [
    ...(weights === null ? [] : [`its weights are ${weights[1]}, the reference's ${weights[0]}`]),
    ...(half === undefined
      ? []
      : [`weights hold no more than ${half.format}: ${some(halfWeights.map((w) => w.name))}`]),
    ...(cast === undefined ? [] : [`it computes in ${cast.to} behind ${some(castsDown.map((c) => c.node))}`]),
    ...(castsDown.length > 0 || computeTypes.length === 0 ? [] : [`it computes in ${computeTypes.join(' and ')}`]),
    ...(quantised.length === 0 ? [] : [`it is quantised: ${some(quantised)}`]),
  ];
  return facts.length === 0 ? [] : [makeFinding('precision-lower', 'candidate', { facts })];
}

/** What no quantiser does on purpose fails; what some do (shared scales, values moved to lower the output's error) is told. */
const FAILING: ReadonlySet<QuantisationFinding['code']> = new Set([
  'scale-invalid',
  'zero-point-shared',
  'channel-lost',
  'weights-differ',
  'grid-of-four-bits',
  'weight-clipped',
  'scale-coarse',
]);

function quantisationFinding({ code, tensor, node, channels, value, reference }: QuantisationFinding): RawFinding {
  const args = { problem: code, tensor, node, channels, value, reference: reference ?? null };
  return makeFinding('quantisation-odd', 'candidate', args, FAILING.has(code) ? 'error' : 'warning');
}
