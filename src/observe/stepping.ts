import { OnparError, toFailure } from '../core/errors.ts';
import { allowedValues } from '../core/nearest.ts';
import { type Random, random } from '../core/random.ts';
import { isFloat } from '../tensor/dtype.ts';
import { type FloatDtype, floatsOf, moveByUlps, trits } from '../tensor/move.ts';
import { beginning, STEP_AXIS, stackSteps, stepOf } from '../tensor/steps.ts';
import type { NamedTensors, Tensor } from '../tensor/tensor.ts';
import type { StepRequest } from '../workers/protocol.ts';

type Run = (inputs: NamedTensors) => Promise<NamedTensors>;

export interface SteppedOutputs {
  /** All steps of every output. */
  readonly stacked: NamedTensors;
  /** The last step's, as the model gave them. */
  readonly last: NamedTensors;
}

/**
 * Runs a model step after step, its outputs fed back. `given` holds all steps of the inputs and the first value of the states,
 * `own` says how the model calls an input of the sample. OnparErrors carry the number of the step (from 1) that failed.
 */
export async function runSteps(
  { steps, feedback, grow, move }: StepRequest,
  given: NamedTensors,
  own: (input: string) => string,
  run: Run,
): Promise<SteppedOutputs> {
  const links = feedback.map((link) => ({ ...link, input: own(link.input) }));
  const growing = new Map(grow.map((g) => [own(g.input), g]));
  const states = new Map<string, Tensor>();
  for (const { input } of links) {
    const first = given.get(input);
    if (first === undefined)
      throw new OnparError({
        code: 'input-mismatch',
        message: `the sample lacks the first value of ${input}`,
        fix: `it has ${[...given.keys()].join(', ')}`,
      });
    states.set(input, first);
  }
  const count = countOf([...given].filter(([name]) => !states.has(name))) ?? steps;
  const collected = new Map<string, Tensor[]>();
  let last: NamedTensors = new Map();
  for (let step = 0; step < count; step++) {
    const fed = new Map(
      [...given].map(([name, tensor]): readonly [string, Tensor] => {
        const state = states.get(name);
        if (state !== undefined) return [name, state];
        const whole = stepOf(tensor, step);
        const g = growing.get(name);
        return [name, g === undefined ? whole : begun(name, whole, g.axis, g.from + g.by * step)];
      }),
    );
    try {
      last = await run(fed);
    } catch (error) {
      throw inStep(error, step, feedback);
    }
    for (const link of links) {
      const state = fedBack(link, last);
      states.set(link.input, move === undefined ? state : movedByUlps(state, random('state', move, link.input, step)));
    }
    for (const [name, tensor] of last) {
      const all = collected.get(name) ?? [];
      collected.set(name, all);
      // A runtime may write its next answer where this one lies.
      all.push({ ...tensor, data: tensor.data.slice() });
    }
  }
  return { stacked: new Map([...collected].map(([name, all]) => [name, stacked(name, all, count)])), last };
}

function begun(name: string, whole: Tensor, axis: number, size: number): Tensor {
  try {
    return beginning(whole, axis, size);
  } catch (error) {
    throw new OnparError({
      code: 'input-mismatch',
      message: `input ${name}: ${(error as Error).message}`,
      cause: error,
    });
  }
}

/** A copy moved by −1, 0 or +1 ulp of float32 (half dtypes: of their own); what counts or chooses stays. */
function movedByUlps(tensor: Tensor, draws: Random): Tensor {
  const { dtype } = tensor;
  if (
    !isFloat(dtype) ||
    floatsOf(dtype as FloatDtype, tensor.data).every((v) => !Number.isFinite(v) || Number.isInteger(v))
  )
    return tensor;
  const data = tensor.data.slice();
  moveByUlps(data, dtype as FloatDtype, trits(draws), 'float32');
  return { ...tensor, data };
}

/** Steps that the inputs hold; undefined where all of them are states. */
function countOf(stepped: readonly (readonly [string, Tensor])[]): number | undefined {
  const counts = stepped.map(([, { shape }]) => shape[STEP_AXIS]);
  if (counts.every((count) => count === counts[0])) return counts[0];
  throw new OnparError({
    code: 'input-mismatch',
    message: `inputs hold different numbers of steps: ${stepped.map(([name], i) => `${name} ${counts[i] ?? 'none'}`).join(', ')}`,
  });
}

function fedBack({ output, position }: StepRequest['feedback'][number], outputs: NamedTensors): Tensor {
  // Names that were counted (`output_0`) are no names: then the place says which one is meant.
  const found = outputs.get(output) ?? [...outputs.values()][position];
  if (found !== undefined) return found;
  throw new OnparError({
    code: 'state-output-unknown',
    message: `\`state\` names output ${output}, which the model does not give`,
    fix: allowedValues(output, [...outputs.keys()]),
  });
}

function stacked(name: string, steps: readonly Tensor[], count: number): Tensor {
  try {
    if (steps.length !== count) throw new TypeError(`it is given in ${steps.length} of ${count} steps`);
    return stackSteps(steps);
  } catch (error) {
    throw new OnparError({ code: 'run-failed', message: `output ${name}: ${(error as Error).message}`, cause: error });
  }
}

function inStep(error: unknown, step: number, feedback: StepRequest['feedback']): OnparError {
  const { code, message, fix, detail } = toFailure(error);
  const states = feedback.map(({ output, input }) => `${output} → ${input}`).join(', ');
  return new OnparError({
    code: code === 'internal-error' ? 'run-failed' : code,
    message: `step ${step + 1}${step === 0 ? '' : ` (state ${states})`}: ${message}`,
    ...(fix === undefined ? {} : { fix }),
    ...(detail === undefined ? {} : { detail }),
    cause: error,
  });
}
