import type { ReadRole } from '../../formats/onnx/input-roles.ts';
import type { Conversion } from '../../plan/conversion.ts';
import type { RunContext } from '../context.ts';
import type { KeyedModel } from '../model-key.ts';
import type { StepResult } from '../step.ts';

/** Reads what an ONNX model's inputs mean from how its graph uses them. Damaged files tell nothing here: loading them does. */
export function readRoles(
  ctx: RunContext,
  conversion: Conversion,
  model: KeyedModel,
): Promise<StepResult<readonly ReadRole[]>> {
  return ctx.steps.run<readonly ReadRole[]>({
    kind: 'describe',
    version: 1,
    inputs: { roles: model.digest },
    conversion: conversion.id,
    label: 'reading what inputs mean',
    run: async () => {
      // The reader of ONNX files is loaded only where there is one to read.
      const { inputRolesOf } = await import('../../formats/onnx/input-roles.ts');
      try {
        return { value: inputRolesOf(model.ref.path) };
      } catch {
        return { value: [], transient: true };
      }
    },
  });
}
