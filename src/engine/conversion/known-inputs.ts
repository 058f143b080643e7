import { statSync } from 'node:fs';
import { join } from 'node:path';
import type { Conversion } from '../../plan/conversion.ts';
import type { IoContract } from '../../records/contract.ts';
import type { InputPlan } from '../../records/rules.ts';
import type { TensorInfo } from '../../records/sample.ts';
import { isTable } from '../../sample/table.ts';
import { readSafetensorsHeader } from '../../tensor/safetensors.ts';
import { readTensorFile } from '../../tensor/tensor-file.ts';
import type { RunContext } from '../context.ts';
import { withToldRoles } from '../input-roles.ts';
import { resolveInputs } from '../inputs.ts';
import { existingCandidate } from '../model-key.ts';
import type { StepResult } from '../step.ts';
import { type Description, describeModel } from '../steps/describe.ts';
import type { Trace } from './trace.ts';

/** The inputs of a conversion, from everyone who can tell: the suite, the model, its examples, the user's data, the candidate. */
export async function inputsOf(
  ctx: RunContext,
  conversion: Conversion,
  described: StepResult<Description>,
  trace: Trace,
): Promise<InputPlan[]> {
  const inputs = resolveInputs(conversion.case, {
    contract: described.value.contract,
    examples: examplesOf(described),
    parameters: (described.value.facts.forwardParameters as string[] | undefined) ?? null,
    data: await dataShapes(conversion, described.value.contract),
    candidate: await candidateContract(ctx, conversion, described, trace),
  });
  return withToldRoles(inputs, described.value.facts);
}

function examplesOf({ value, dir }: StepResult<Description>): TensorInfo[] | null {
  return value.exampleInputs === null ? null : tensorInfos(join(dir, value.exampleInputs));
}

function tensorInfos(path: string): TensorInfo[] {
  return [...readSafetensorsHeader(path).tensors.values()].map(({ name, dtype, shape }) => ({
    name,
    dtype,
    shape: [...shape],
  }));
}

/** Asked where nobody else tells: of code, and of inputs that are not one tensor. */
async function dataShapes(conversion: Conversion, { inputs }: IoContract): Promise<TensorInfo[] | null> {
  const [first] = conversion.samples.files;
  const { callable, format } = conversion.source;
  const isAsked =
    callable !== undefined || format === 'served' || inputs.some(({ container }) => container !== undefined);
  if (first === undefined || !isAsked || !statSync(first).isFile() || isTable(first)) return null;
  const tensors = readTensorFile(first);
  return [...tensors].map(([name, { dtype, shape }]) => ({ name, dtype, shape: [...shape] }));
}

/**
 * A candidate's contract, asked for only when existing artifacts are all that can tell the inputs: of the case's, the first
 * that declares some, so that all its conversions are fed alike. One that cannot be read is left to its own conversion.
 */
async function candidateContract(
  ctx: RunContext,
  conversion: Conversion,
  described: StepResult<Description>,
  trace: Trace,
): Promise<IoContract | null> {
  if (described.value.contract.inputs.length > 0 || described.value.exampleInputs !== null) return null;
  if (Object.values(conversion.case.inputs).some((i) => i.shape !== undefined)) return null;
  for (const each of ctx.siblingsOf(conversion)) {
    if (each.existing === null) continue;
    try {
      const model = existingCandidate(each, each.existing);
      const { contract } = trace.count(await describeModel(ctx, each, model, 'candidate')).value;
      if (contract.inputs.length > 0) return contract;
    } catch (error) {
      if (each.id === conversion.id) throw error;
    }
  }
  return null;
}
