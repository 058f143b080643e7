import { statSync } from 'node:fs';
import * as z from 'zod';
import type { ReadRole } from '../formats/onnx/input-roles.ts';
import type { Conversion } from '../plan/conversion.ts';
import { type InputPlan, inputRole } from '../records/rules.ts';
import { isInteger } from '../tensor/dtype.ts';
import type { RunContext } from './context.ts';
import type { KeyedModel } from './model-key.ts';
import { readRoles } from './steps/roles.ts';

/** A graph with its weights inside is read whole: beyond this it costs more than it tells. */
const MAX_BYTES = 1024 ** 3;

/** What the user said about an input's values comes first, and needs no second opinion. */
const isOpen = ({ range, values, because }: InputPlan): boolean =>
  range === undefined && values === undefined && because === undefined;

/**
 * Fills in what the graph of an ONNX model tells about inputs that the user left open. Of several models the first that
 * tells something counts: the reference before the candidate, whose table may have lost rows.
 */
export async function withReadRoles(
  ctx: RunContext,
  conversion: Conversion,
  inputs: InputPlan[],
  models: readonly KeyedModel[],
): Promise<InputPlan[]> {
  let filled = inputs;
  for (const model of models) {
    if (!mayTell(model) || !filled.some(isOpen)) continue;
    const { value: roles } = await readRoles(ctx, conversion, model);
    filled = merged(filled, roles);
  }
  return filled;
}

/** What a runtime says of its inputs (`facts.inputRoles`), where a configuration file tells which values are legal. */
const toldRoles = z.record(
  z.string(),
  z.object({ role: inputRole, range: z.tuple([z.number(), z.number()]).optional(), because: z.string() }),
);

/** Fills in what the model's own runtime knows about inputs that the user left open. */
export function withToldRoles(inputs: InputPlan[], facts: Readonly<Record<string, unknown>>): InputPlan[] {
  const told = toldRoles.safeParse(facts.inputRoles);
  if (!told.success) return inputs;
  const roles = Object.entries(told.data).map(
    ([input, { role, range, because }], position): ReadRole => ({
      input,
      position,
      role,
      because,
      ...(range === undefined ? {} : { range }),
    }),
  );
  return merged(inputs, roles);
}

const mayTell = ({ ref }: KeyedModel): boolean => ref.format === 'onnx' && statSync(ref.path).size <= MAX_BYTES;

/** Reads a graph while its model is opened elsewhere; whoever asks later gets this answer. A failure is told by opening it. */
export function readRolesAhead(ctx: RunContext, conversion: Conversion, model: KeyedModel): void {
  if (mayTell(model)) readRoles(ctx, conversion, model).catch(() => {});
}

/** Whether an ONNX graph could still tell which values are legal: any integer may be an index, and most are not legal ones. */
export const wantsRoles = (inputs: readonly InputPlan[]): boolean =>
  inputs.some((input) => isOpen(input) && input.role === undefined && isInteger(input.dtype));

function merged(inputs: readonly InputPlan[], roles: readonly ReadRole[]): InputPlan[] {
  const byName = inputs.some(({ name }) => roles.some(({ input }) => input === name));
  return inputs.map((input, i) => {
    // Roles come in the order of the graph's inputs; without a common name their places count.
    const read = byName ? roles.find((role) => role.input === input.name) : roles.find((role) => role.position === i);
    if (read === undefined || !isOpen(input) || (input.role !== undefined && input.role !== read.role)) return input;
    const { role, range, below, because } = read;
    return {
      ...input,
      role,
      because,
      ...(range === undefined ? {} : { range: [range[0], range[1]] }),
      ...(below === undefined ? {} : { below: [...below] }),
    };
  });
}
