import { join } from 'node:path';
import { dequantise, isQuantised } from '../../compare/values/dequantise.ts';
import { OnparError } from '../../core/errors.ts';
import { digestFile } from '../../core/hash.ts';
import { allowedValues } from '../../core/nearest.ts';
import { fileSafe } from '../../core/paths.ts';
import type { Conversion } from '../../plan/conversion.ts';
import type { Quantization } from '../../records/contract.ts';
import type { Observation } from '../../records/observation.ts';
import type { InputPlan } from '../../records/rules.ts';
import type { Sample } from '../../records/sample.ts';
import { tensorFrom } from '../../tensor/build.ts';
import { isFloat } from '../../tensor/dtype.ts';
import { readSafetensors, writeSafetensors } from '../../tensor/safetensors.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { RunContext } from '../context.ts';
import type { StepResult } from '../step.ts';

/** What a stage before answered to the samples of the pipeline, by the names of its reference. */
export interface Answered {
  readonly stage: string;
  readonly observation: StepResult<Observation>;
  /** How this side calls an output of the reference. */
  readonly own: (output: string) => string;
}

export interface FeedRequest {
  readonly inputs: readonly InputPlan[];
  /** Samples that hold what no stage makes, under the names that `given` knows. */
  readonly samples: readonly Sample[];
  readonly sampleDir: string;
  readonly given: (input: string) => string;
  readonly before: readonly Answered[];
}

/**
 * The samples of a stage: its joints filled with what the stages before it answered, the rest as it was made. Ids stay. A
 * sample that a stage before failed on is not there; whoever failed says why. OnparError `joint-unknown` or `joint-misfit`.
 */
export function feedStage(
  ctx: RunContext,
  conversion: Conversion,
  { inputs, samples, sampleDir, given, before }: FeedRequest,
): Promise<StepResult<readonly Sample[]>> {
  const joints = conversion.case.stage?.joints ?? [];
  return ctx.steps.run<readonly Sample[]>({
    kind: 'sample',
    version: 1,
    inputs: {
      joints,
      inputs: inputs.map(({ name, dtype, shape }) => [name, dtype, shape, given(name)]),
      samples: samples.map((s) => [s.id, s.digest]),
      before: before.map(({ stage, observation, own }) => [
        stage,
        observation.id,
        joints.filter((j) => j.stage === stage).map((j) => own(j.output)),
      ]),
    },
    conversion: conversion.id,
    label: 'joining stages',
    run: async (dir) => {
      const made = samples.flatMap((sample, i): Sample[] => {
        const answers = new Map(before.map((each) => [each.stage, answerOf(each, sample)]));
        if ([...answers.values()].includes(null)) return [];
        const own = readSafetensors(join(sampleDir, sample.file));
        const tensors = new Map(
          inputs.map((input): readonly [string, Tensor] => {
            const joint = joints.find((j) => j.input === input.name);
            if (joint === undefined) return [input.name, own.get(given(input.name)) as Tensor];
            const from = before.find((b) => b.stage === joint.stage) as Answered;
            return [
              input.name,
              fitting(conversion, input, from, joint.output, answers.get(joint.stage) as Map<string, Tensor>),
            ];
          }),
        );
        const file = `${String(i).padStart(3, '0')}-${fileSafe(sample.id)}.safetensors`;
        writeSafetensors(join(dir, file), tensors);
        const { labels, ...kept } = sample;
        return [
          {
            ...kept,
            inputs: [...tensors].map(([name, { dtype, shape }]) => ({ name, dtype, shape: [...shape] })),
            digest: digestFile(join(dir, file)),
            file,
          },
        ];
      });
      return { value: made };
    },
  });
}

/** Null where that stage failed on the sample. */
function answerOf({ observation: { value, dir } }: Answered, { id }: Sample): ReadonlyMap<string, Tensor> | null {
  const file = value.samples.find((run) => run.sample === id)?.file;
  return file === undefined ? null : readSafetensors(join(dir, file));
}

function fitting(
  { case: c }: Conversion,
  input: InputPlan,
  from: Answered,
  named: string,
  answers: ReadonlyMap<string, Tensor>,
): Tensor {
  const output = from.own(named);
  const where = `pipeline \`${c.stage?.pipeline}\`, stage \`${c.stage?.name}\``;
  const tensor = answers.get(output);
  if (tensor === undefined)
    throw new OnparError({
      code: 'joint-unknown',
      message: `${where}: \`from\` names output \`${output}\`, which the stage before does not give`,
      fix: allowedValues(output, [...answers.keys()]),
    });
  const fits =
    tensor.shape.length === input.shape.length &&
    input.shape.every((d, axis) => typeof d !== 'number' || d === tensor.shape[axis]);
  if (!fits)
    throw new OnparError({
      code: 'joint-misfit',
      message: `${where}: input \`${input.name}\` [${input.shape.map((d) => d ?? '?').join(', ')}] is fed \`${output}\` of shape [${tensor.shape.join(', ')}]`,
      fix: 'wire the output that the stage takes',
    });
  const spec = from.observation.value.contract?.outputs.find((o) => o.name === output);
  // Real numbers go over a joint: whatever the next stage takes, its runtime makes of them.
  return isFloat(input.dtype) && isQuantised(tensor, spec?.quantization)
    ? tensorFrom('float32', tensor.shape, dequantise(tensor, spec?.quantization as Quantization))
    : tensor;
}
