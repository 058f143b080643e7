import { join } from 'node:path';
import { digestFile } from '../../core/hash.ts';
import { fileSafe } from '../../core/paths.ts';
import type { Conversion } from '../../plan/conversion.ts';
import type { Observation } from '../../records/observation.ts';
import type { InputPlan } from '../../records/rules.ts';
import type { Sample } from '../../records/sample.ts';
import type { Sequence } from '../../records/sequence.ts';
import { findAxes } from '../../sample/axes.ts';
import { readSafetensors, writeSafetensors } from '../../tensor/safetensors.ts';
import { beginning, STEP_AXIS, stepOf } from '../../tensor/steps.ts';
import type { NamedTensors, Tensor } from '../../tensor/tensor.ts';
import type { RunContext } from '../context.ts';
import type { StepResult } from '../step.ts';

export interface ForcedRequest {
  readonly sequence: Sequence;
  readonly inputs: readonly InputPlan[];
  readonly samples: readonly Sample[];
  readonly sampleDir: string;
  /** The reference's own run of these samples, from which its states are taken. */
  readonly reference: StepResult<Observation>;
}

/**
 * Every step of every sequence as a sample of its own, its states those that the reference had before it (teacher forcing).
 * So a step is judged by itself, wherever a state of one's own would have led. Ids are `<sample>@step<n>`, n from 1.
 */
export function forcedSamples(
  ctx: RunContext,
  conversion: Conversion,
  { sequence, inputs, samples, sampleDir, reference }: ForcedRequest,
): Promise<StepResult<readonly Sample[]>> {
  return ctx.steps.run<readonly Sample[]>({
    kind: 'sample',
    version: 1,
    inputs: { forced: reference.id, sequence, inputs: inputs.map((i) => i.name), samples: samples.map((s) => s.id) },
    conversion: conversion.id,
    label: 'taking the reference’s state at every step',
    run: async (dir) => {
      const made = samples.flatMap((sample) => {
        const run = reference.value.samples.find((r) => r.sample === sample.id);
        if (run?.file === undefined) return [];
        const given = readSafetensors(join(sampleDir, sample.file));
        const answered = readSafetensors(join(reference.dir, run.file));
        return Array.from({ length: lengthOf(sequence, given) }, (_, step): Sample => {
          const id = forcedId(sample.id, step);
          const tensors = inputsAt(step, { sequence, inputs, given, answered });
          const file = `${fileSafe(id)}-${sample.digest.slice(0, 8)}.safetensors`;
          writeSafetensors(join(dir, file), tensors);
          return {
            id,
            generator: sample.generator,
            ...(sample.group === undefined ? {} : { group: sample.group }),
            seed: sample.seed,
            inputs: [...tensors].map(([name, { dtype, shape }]) => ({ name, dtype, shape: [...shape] })),
            digest: digestFile(join(dir, file)),
            file,
          };
        });
      });
      return { value: made };
    },
  });
}

const forcedId = (sample: string, step: number): string => `${sample}@step${step + 1}`;

/** The number of the step that a forced sample is, from 1. */
export const stepOfId = (id: string): number => Number(/@step(\d+)$/.exec(id)?.[1] ?? 0);

function lengthOf({ steps, states }: Sequence, given: NamedTensors): number {
  const stepped = [...given].find(([name]) => !states.some((s) => s.input === name));
  return stepped?.[1].shape[STEP_AXIS] ?? steps;
}

interface At {
  readonly sequence: Sequence;
  readonly inputs: readonly InputPlan[];
  readonly given: NamedTensors;
  readonly answered: NamedTensors;
}

function inputsAt(step: number, { sequence, inputs, given, answered }: At): NamedTensors {
  const axes = findAxes({ inputs: [...inputs], dims: {} });
  const labels = new Map(axes.all.map(({ key, label }) => [key, label]));
  // What grows has its size at this step; what a run filled up behind it is no value.
  const cut = (input: InputPlan, tensor: Tensor): Tensor =>
    axes.keysOf(input).reduce((t, key, axis) => {
      const growth = key === null ? undefined : sequence.grow[labels.get(key) ?? key];
      return growth === undefined ? t : beginning(t, axis, growth.from + growth.by * step);
    }, tensor);
  return new Map(
    inputs.map((input): readonly [string, Tensor] => {
      const link = sequence.states.find((s) => s.input === input.name);
      const own = given.get(input.name) as Tensor;
      if (link === undefined) return [input.name, cut(input, stepOf(own, step))];
      if (step === 0) return [input.name, own];
      const before = stepOf(answered.get(link.output) as Tensor, step - 1);
      return [input.name, cut(input, { ...before, shape: own.shape.length === 0 ? [] : before.shape })];
    }),
  );
}
