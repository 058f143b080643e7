import { join } from 'node:path';
import type { Format } from '../../formats/known.ts';
import { digestModel } from '../../formats/model-files.ts';
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

/** Formats whose weights are moved in the file, so that every runtime reads the moved file alike. */
const FILES: Readonly<Record<string, string>> = { onnx: 'perturbed.onnx', tfjs: 'model.json' };

export const movesInFile = (format: string): boolean => FILES[format] !== undefined;

/** A copy of a model whose weights moved by one step: any runtime of its format runs it as it runs the original. */
export async function perturbedModel(
  ctx: RunContext,
  conversion: Conversion,
  model: KeyedModel,
  perturbation: Perturbation,
): Promise<KeyedModel> {
  const format = model.ref.format as Format;
  const name = FILES[format] ?? '';
  const made = await ctx.steps.run<{ readonly digest: string }>({
    kind: 'perturb',
    version: 1,
    inputs: { model: model.digest, ...perturbation },
    conversion: conversion.id,
    label: 'moving weights by one step',
    run: async (dir) => {
      const to = join(dir, name);
      // The reader and writer of a format are loaded only where there is such a file.
      if (format === 'onnx')
        (await import('../../formats/onnx/perturb-weights.ts')).perturbWeights(model.ref.path, to, perturbation);
      else (await import('../../formats/tfjs/perturb-weights.ts')).perturbTfjs(model.ref.path, to, perturbation);
      return { value: { digest: digestModel(to, format) } };
    },
  });
  const key = { perturbed: model.digest, ...perturbation };
  return { ref: { ...model.ref, path: join(made.dir, name) }, digest: made.value.digest, key: [format, key] };
}
