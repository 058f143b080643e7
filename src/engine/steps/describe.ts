import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RawFinding } from '../../core/findings.ts';
import type { Conversion } from '../../plan/conversion.ts';
import type { IoContract } from '../../records/contract.ts';
import type { RunContext } from '../context.ts';
import { resolveHost } from '../hosts.ts';
import type { KeyedModel } from '../model-key.ts';
import type { StepResult } from '../step.ts';

export interface Description {
  readonly contract: IoContract;
  readonly facts: Readonly<Record<string, unknown>>;
  readonly findings: readonly RawFinding[];
  /** File in the step's folder. */
  readonly exampleInputs: string | null;
}

/** Asks a model's own framework what it takes and gives. */
export async function describeModel(
  ctx: RunContext,
  conversion: Conversion,
  model: KeyedModel,
  role: 'reference' | 'candidate',
  /** Called when the model is really asked, not when the store has its answer. */
  onAsked: () => void = () => {},
): Promise<StepResult<Description>> {
  const { runtime, options } = conversion[role];
  const place = await resolveHost(ctx, conversion, runtime, role);
  return ctx.steps.run<Description>({
    kind: 'describe',
    version: 1,
    inputs: { runtime: runtime.name, options, model: model.key, place: place.digest },
    conversion: conversion.id,
    label: `reading ${model.ref.path.split('/').at(-1) ?? ''}`,
    run: (dir) => {
      onAsked();
      return ctx.withWorker(place.host, async (worker) => {
        const answer = await worker.request(
          'describe',
          { runtime: runtime.name, model: model.ref, options: { ...options }, outDir: dir },
          { timeoutMs: conversion.case.timeoutMs },
        );
        const name = 'example-inputs.safetensors';
        if (answer.exampleInputs !== undefined && answer.exampleInputs !== join(dir, name))
          copyFileSync(answer.exampleInputs, join(dir, name));
        const { contract, facts, findings } = answer;
        return {
          value: { contract, facts, findings, exampleInputs: answer.exampleInputs === undefined ? null : name },
          dependencies: answer.dependencies,
          transient: runtime.remote === true,
        };
      });
    },
  });
}
