import { pairTensors } from '../../compare/contract/pairing.ts';
import { OnparError } from '../../core/errors.ts';
import { allowedValues } from '../../core/nearest.ts';
import type { Conversion } from '../../plan/conversion.ts';
import type { IoContract, TensorSpec } from '../../records/contract.ts';
import type { Observation } from '../../records/observation.ts';
import type { InputPlan } from '../../records/rules.ts';
import type { Sequence, StateLink } from '../../records/sequence.ts';
import { findAxes } from '../../sample/axes.ts';
import type { StepRequest } from '../../workers/protocol.ts';
import type { ObservedSide } from './side.ts';

type Steps = Pick<ObservedSide, 'steps' | 'stepsKey'>;

/**
 * Whether the suite's `state` and `steps` fit the model: inputs, outputs, dtypes, ranks and dimensions that they name.
 * Throws OnparError with the allowed values. Outputs of code are known only when it has run: then its first step tells.
 */
export function checkSequence({ case: c }: Conversion, inputs: readonly InputPlan[], contract: IoContract): void {
  const { state } = c;
  if (state === null) return;
  const where = `case \`${c.id}\``;
  const names = inputs.map((i) => i.name);
  const outputs = contract.outputs.map((o) => o.name);
  for (const link of state.states) {
    const input = inputs.find((i) => i.name === link.input);
    if (input === undefined)
      throw unknown(
        `${where}: \`state\` names input \`${link.input}\`, which ${c.source} does not take`,
        link.input,
        names,
      );
    const output = contract.outputs.find((o) => o.name === link.output);
    if (output === undefined && outputs.length > 0)
      throw unknown(
        `${where}: \`state\` names output \`${link.output}\`, which ${c.source} does not give`,
        link.output,
        outputs,
      );
    if (output !== undefined) checkLink(where, link, input, output);
  }
  const carried = new Set(state.states.map((s) => s.input));
  const scalar = inputs.find((i) => !carried.has(i.name) && i.shape.length === 0);
  if (scalar !== undefined)
    throw new OnparError({
      code: 'bad-state',
      message: `${where}: input \`${scalar.name}\` is a scalar, which has no axis behind which its steps could stand`,
      fix: 'give it a first axis of size 1, or name it in `state`',
    });
  const dims = findAxes({ inputs: [...inputs], dims: {} }).all.map((axis) => axis.label);
  for (const dim of Object.keys(state.grow))
    if (!dims.includes(dim))
      throw unknown(
        `${where}: \`steps.grow\` names the dimension \`${dim}\`, which no input of ${c.source} has`,
        dim,
        dims,
      );
}

const unknown = (message: string, name: string, allowed: readonly string[]): OnparError =>
  new OnparError({
    code: 'state-unknown',
    message,
    fix: allowed.length === 0 ? 'its inputs have no such dimension; remove it' : allowedValues(name, allowed),
  });

/** What goes from an output into an input must have its dtype, rank and fixed sizes. */
function checkLink(where: string, link: StateLink, input: InputPlan, output: TensorSpec): void {
  const misfit = (what: string): OnparError =>
    new OnparError({
      code: 'state-misfit',
      message: `${where}: \`state: { ${link.output}: ${link.input} }\` does not fit: ${what}`,
      fix: 'name the output that holds what the input takes at the next step',
    });
  if (output.dtype !== null && output.quantization === undefined && output.dtype !== input.dtype)
    throw misfit(`output ${output.name} is ${output.dtype}, input ${input.name} ${input.dtype}`);
  if (output.shape === null) return;
  const text = (shape: readonly unknown[]): string => `[${shape.map((d) => d ?? '?').join(', ')}]`;
  const fits =
    output.shape.length === input.shape.length &&
    output.shape.every((d, axis) => {
      const want = input.shape[axis];
      return typeof d !== 'number' || typeof want !== 'number' || d === want;
    });
  if (!fits)
    throw misfit(`output ${output.name} has shape ${text(output.shape)}, input ${input.name} ${text(input.shape)}`);
}

/** A side whose samples are single steps. */
export function withoutSteps({ steps, stepsKey, ...side }: ObservedSide): ObservedSide {
  return side;
}

/** How the reference goes from step to step; nothing for a model without state. */
export function referenceSteps({ rules: { sequence: state } }: Conversion, inputs: readonly InputPlan[]): Steps {
  if (state === undefined) return {};
  return {
    steps: ({ outputs }) =>
      request(state, inputs, (output) => ({ output, position: outputs.findIndex((o) => o.name === output) })),
    stepsKey: state,
  };
}

/** How the candidate does, whose outputs are found by the rules by which they are compared. */
export function candidateSteps(
  { rules }: Conversion,
  inputs: readonly InputPlan[],
  given: {
    readonly contract: IoContract;
    /** What the reference gave, where it declares nothing. */
    readonly observation: Observation;
    readonly declared: Readonly<Record<string, string>>;
  },
): Steps {
  const { sequence: state } = rules;
  if (state === undefined) return {};
  const ofReference = outputsOf(given.contract, given.observation);
  return {
    steps: (contract) => {
      const pairs = pairTensors({
        reference: { specs: ofReference, names: given.contract.names, derived: false, known: true },
        candidate: { specs: contract.outputs, names: contract.names, derived: false, known: true },
        map: rules.mapOutputs,
        declared: given.declared,
      });
      return request(state, inputs, (output) => {
        const position = ofReference.findIndex((o) => o.name === output);
        const found = pairs.find((p) => p.reference?.name === output)?.candidate ?? null;
        // A candidate that declares nothing gives its outputs in the reference's order, or under its names.
        if (found === null) return { output, position: contract.outputs.length === 0 ? position : -1 };
        return { output: found.name, position: contract.outputs.indexOf(found) };
      });
    },
    stepsKey: [state, rules.mapOutputs, given.declared, ofReference.map((o) => o.name)],
  };
}

function outputsOf({ outputs }: IoContract, { samples }: Observation): readonly TensorSpec[] {
  if (outputs.length > 0) return outputs;
  return samples.find((run) => run.outputs.length > 0)?.outputs ?? [];
}

function request(
  { steps, states, grow }: Sequence,
  inputs: readonly InputPlan[],
  find: (output: string) => { readonly output: string; readonly position: number },
): StepRequest {
  const axes = findAxes({ inputs: [...inputs], dims: {} });
  const labels = new Map(axes.all.map(({ key, label }) => [key, label]));
  const carried = new Set(states.map((s) => s.input));
  return {
    steps,
    feedback: states.map(({ output, input }) => ({ ...find(output), input })),
    grow: inputs
      .filter((input) => !carried.has(input.name))
      .flatMap((input) =>
        axes.keysOf(input).flatMap((key, axis) => {
          const size = key === null ? undefined : grow[labels.get(key) ?? key];
          return size === undefined ? [] : [{ input: input.name, axis, ...size }];
        }),
      ),
  };
}
