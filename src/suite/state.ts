import { OnparError } from '../core/errors.ts';
import type { Sequence } from '../records/sequence.ts';
import type { StateSetting, StepsSetting } from './state-schema.ts';

/** Steps of a sequence unless the suite says otherwise: a fault of the state shows from the second on, drift needs some more. */
const DEFAULT_STEPS = 8;

/** The sequence that a case's samples are; null: the model keeps no state. */
export function resolveState(
  id: string,
  state: StateSetting | undefined,
  steps: StepsSetting | undefined,
): Sequence | null {
  if (state === undefined) {
    if (steps === undefined) return null;
    throw new OnparError({
      code: 'steps-unused',
      message: `case \`${id}\`: \`steps\` is set, but nothing goes from one step to the next`,
      fix: 'name the outputs that are inputs of the next step: `state: { h_out: h }`, or remove `steps`',
    });
  }
  const states = Object.entries(state).map(([output, link]) =>
    typeof link === 'string'
      ? { output, input: link, initial: 'zeros' as const }
      : { output, input: link.input, initial: link.initial ?? ('zeros' as const) },
  );
  const twice = states.find(({ input }, i) => states.findIndex((other) => other.input === input) !== i);
  if (twice !== undefined) {
    throw new OnparError({
      code: 'bad-state',
      message: `case \`${id}\`: \`state\` gives input \`${twice.input}\` two outputs`,
      fix: 'write one output for each input that carries state',
    });
  }
  const {
    count = DEFAULT_STEPS,
    grow = {},
    forced = false,
  } = typeof steps === 'number' ? { count: steps } : (steps ?? {});
  return {
    steps: count,
    states,
    grow: Object.fromEntries(
      Object.entries(grow).map(([dim, size]) => [
        dim,
        typeof size === 'number' ? { from: size, by: 1 } : { from: size.from, by: size.by ?? 1 },
      ]),
    ),
    forced,
  };
}
