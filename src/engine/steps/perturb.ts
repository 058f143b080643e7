import { join } from 'node:path';
import { digestFile } from '../../core/hash.ts';
import type { Conversion } from '../../plan/conversion.ts';
import type { InputPlan } from '../../records/rules.ts';
import type { Sample } from '../../records/sample.ts';
import type { PerturbStep } from '../../records/variant.ts';
import { perturbSamples } from '../../sample/perturb.ts';
import type { RunContext } from '../context.ts';
import type { KeyedModel } from '../model-key.ts';
import type { StepResult } from '../step.ts';

export interface Perturbation {
  readonly step: PerturbStep;
  readonly seed: number;
}

/** Copies of samples whose float inputs moved by one step; same ids, so that what they gave is found again. */
export function perturbedSamples(
  ctx: RunContext,
  conversion: Conversion,
  {
    samples,
    sampleDir,
    inputs,
    step,
    seed,
  }: Perturbation & {
    readonly samples: readonly Sample[];
    readonly sampleDir: string;
    readonly inputs: readonly InputPlan[];
  },
): Promise<StepResult<readonly Sample[]>> {
  return ctx.steps.run<readonly Sample[]>({
    kind: 'perturb',
    version: 1,
    inputs: {
      samples: samples.map((s) => [s.id, s.digest]),
      inputs: inputs.map(({ name, role, range, values }) => [name, role, range, values]),
      step,
      seed,
    },
    conversion: conversion.id,
    label: 'moving inputs by one step',
    run: async (dir) => ({ value: perturbSamples({ sampleDir, samples, inputs, step, seed, outDir: dir }) }),
  });
}

/** A copy of an ONNX model whose weights moved by one step: any runtime of ONNX runs it as it runs the original. */
export async function perturbedOnnx(
  ctx: RunContext,
  conversion: Conversion,
  model: KeyedModel,
  perturbation: Perturbation,
): Promise<KeyedModel> {
  const made = await ctx.steps.run<{ readonly digest: string }>({
    kind: 'perturb',
    version: 1,
    inputs: { model: model.digest, ...perturbation },
    conversion: conversion.id,
    label: 'moving weights by one step',
    run: async (dir) => {
      // The reader and writer of ONNX files are loaded only where there is one.
      const { perturbWeights } = await import('../../formats/onnx/perturb-weights.ts');
      perturbWeights(model.ref.path, join(dir, FILE), perturbation);
      return { value: { digest: digestFile(join(dir, FILE)) } };
    },
  });
  const key = { perturbed: model.digest, ...perturbation };
  return { ref: { ...model.ref, path: join(made.dir, FILE) }, digest: made.value.digest, key: ['onnx', key] };
}

const FILE = 'perturbed.onnx';
