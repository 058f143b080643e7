import { random } from '../core/random.ts';
import type { InputPlan, SamplePlan } from '../records/rules.ts';
import type { Sequence } from '../records/sequence.ts';
import { stringTensor, tensorFrom } from '../tensor/build.ts';
import { beginning, STEP_AXIS, stackSteps } from '../tensor/steps.ts';
import { elementCount, type NamedTensors, type Tensor } from '../tensor/tensor.ts';
import { findAxes, shapeAt } from './axes.ts';
import { ownGenerators } from './own-generator.ts';
import { type Candidate, portfolio } from './portfolio.ts';
import { readUserFile } from './table.ts';
import { type UserSamples, userSamples } from './user-files.ts';

/** A plan whose samples are sequences. */
export type SequencePlan = SamplePlan & { readonly sequence: Sequence };

export const isSequencePlan = (plan: SamplePlan): plan is SequencePlan => plan.sequence !== undefined;

/** What the inputs of a single step are made from: dimensions that grow have their size at the last step. */
export function stepPlan({ sequence, ...plan }: SequencePlan): SamplePlan {
  const last = Object.entries(sequence.grow).map(([dim, { from, by }]): [string, number[]] => [
    dim,
    [from + by * (sequence.steps - 1)],
  ]);
  return { ...plan, dims: { ...plan.dims, ...Object.fromEntries(last) } };
}

/**
 * onpar's own samples as sequences: each generator fills every step anew, from a seed of its own, and the steps of an input
 * stand side by side behind its first axis. States hold what they hold before the first step.
 */
export async function sequencePortfolio(plan: SequencePlan, sweepBatch: boolean): Promise<Candidate[]> {
  const { sequence } = plan;
  const single = stepPlan(plan);
  const axes = findAxes(single);
  const steps = await Promise.all(
    Array.from({ length: sequence.steps }, async (_, step) => {
      const seed = step === 0 ? plan.seed : random('step', plan.seed, step).integer(0, 2 ** 31 - 1);
      return portfolio({ ...single, seed }, axes, sweepBatch, await ownGenerators(plan.inputs, seed));
    }),
  );
  return (steps[0] ?? []).map((first, i) => ({
    ...first,
    make: async () => {
      const made: NamedTensors[] = [];
      for (const candidates of steps) {
        const tensors = await candidates[i]?.make();
        if (tensors === undefined) return undefined;
        made.push(tensors);
      }
      return joined(plan, made);
    },
  }));
}

function joined(plan: SequencePlan, steps: readonly NamedTensors[]): NamedTensors {
  const { inputs, sequence } = plan;
  const first = steps[0] as NamedTensors;
  return new Map(
    inputs.map((input): readonly [string, Tensor] => {
      const state = sequence.states.find((s) => s.input === input.name);
      const drawn = first.get(input.name) as Tensor;
      if (state === undefined) return [input.name, stackSteps(steps.map((s) => s.get(input.name) as Tensor))];
      return [input.name, initial(input, plan, drawn, state.initial)];
    }),
  );
}

/** The state before the first step: as large as what grows is then. */
function initial(
  input: InputPlan,
  { inputs, sequence }: SequencePlan,
  drawn: Tensor,
  kind: 'zeros' | 'sample',
): Tensor {
  const shape = sizesAtFirst(input, inputs, sequence, drawn.shape);
  return kind === 'zeros' ? zeros(input, shape) : shape.reduce((t, size, axis) => beginning(t, axis, size), drawn);
}

/** A shape with the dimensions that grow as they are at the first step. */
function sizesAtFirst(
  input: InputPlan,
  inputs: readonly InputPlan[],
  { grow }: Sequence,
  shape: readonly number[],
): number[] {
  const axes = findAxes({ inputs: [...inputs], dims: {} });
  const labels = new Map(axes.all.map(({ key, label }) => [key, label]));
  return axes.keysOf(input).map((key, axis) => {
    const size = key === null ? undefined : grow[labels.get(key) ?? key];
    return size?.from ?? (shape[axis] as number);
  });
}

function zeros({ dtype }: InputPlan, shape: readonly number[]): Tensor {
  const count = elementCount(shape);
  return dtype === 'string'
    ? stringTensor(shape, new Array<string>(count).fill(''))
    : tensorFrom(dtype, shape, new Float64Array(count));
}

/** What the axis of the steps is called in errors about the user's data. */
const STEPS = 'step';

/**
 * The user's data as sequences: all steps of an input behind its first axis, [rows, step, …]. A state that the files hold is
 * its value before the first step; one that they lack starts as zeros. OnparError `input-mismatch` as for other data.
 */
export function sequenceFiles(plan: SequencePlan): UserSamples {
  const [file] = plan.files;
  if (file === undefined) return { candidates: [], findings: [] };
  const { states } = plan.sequence;
  const held = new Set(readUserFile(file.path, plan.inputs, plan.labels).keys());
  const isState = ({ name }: InputPlan): boolean => states.some((s) => s.input === name);
  const given = plan.inputs.filter((input) => !isState(input) || held.has(input.name));
  const shaped = given.map((input) =>
    isState(input)
      ? input
      : { ...input, shape: [...input.shape.slice(0, STEP_AXIS), STEPS, ...input.shape.slice(STEP_AXIS)] },
  );
  const { sequence, ...rest } = plan;
  const ofFiles: SamplePlan = { ...rest, inputs: shaped };
  const { candidates, findings } = userSamples(ofFiles, findAxes(ofFiles));
  return {
    findings,
    candidates: candidates.map((candidate) => ({
      ...candidate,
      make: async () => {
        const tensors = await candidate.make();
        return tensors === undefined ? undefined : withStates(plan, shaped, tensors);
      },
    })),
  };
}

/** The tensors in the model's order, the states among them that the data lack. */
function withStates(plan: SequencePlan, shaped: readonly InputPlan[], tensors: NamedTensors): NamedTensors {
  const axes = findAxes(stepPlan(plan));
  const known = findAxes({ inputs: [...shaped], dims: {} });
  const sizes = new Map(axes.base);
  for (const input of shaped)
    known.keysOf(input).forEach((key, axis) => {
      if (key !== null) sizes.set(key, tensors.get(input.name)?.shape[axis] as number);
    });
  return new Map(
    plan.inputs.map((input): readonly [string, Tensor] => {
      const own = tensors.get(input.name);
      if (own !== undefined) return [input.name, own];
      return [input.name, zeros(input, sizesAtFirst(input, plan.inputs, plan.sequence, shapeAt(input, axes, sizes)))];
    }),
  );
}
