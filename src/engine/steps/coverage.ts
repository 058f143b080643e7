import { join } from 'node:path';
import { OutputWatch } from '../../compare/coverage.ts';
import { makeFinding, type RawFinding } from '../../core/findings.ts';
import type { Conversion } from '../../plan/conversion.ts';
import type { Coverage } from '../../records/coverage.ts';
import type { Observation } from '../../records/observation.ts';
import type { SamplePlan } from '../../records/rules.ts';
import type { Sample } from '../../records/sample.ts';
import { sizesTaken } from '../../sample/sizes-taken.ts';
import { readSafetensors } from '../../tensor/safetensors.ts';
import type { RunContext } from '../context.ts';
import type { StepResult } from '../step.ts';

export interface Covered {
  readonly coverage: Coverage;
  readonly findings: readonly RawFinding[];
}

/** What the samples moved on the reference's side: dimensions, and each output's values. */
export function measureCoverage(
  ctx: RunContext,
  conversion: Conversion,
  plan: Pick<SamplePlan, 'inputs' | 'dims' | 'sequence'>,
  samples: readonly Sample[],
  reference: StepResult<Observation>,
): Promise<StepResult<Covered>> {
  return ctx.steps.run<Covered>({
    kind: 'compare',
    version: 1,
    inputs: {
      coverage: reference.id,
      inputs: plan.inputs,
      dims: plan.dims,
      ...(plan.sequence === undefined ? {} : { sequence: plan.sequence }),
      samples: samples.map((s) => s.id),
    },
    conversion: conversion.id,
    label: 'measuring what the samples moved',
    run: async () => {
      const ids = new Set(samples.map((s) => s.id));
      const ran = reference.value.samples.filter((run) => ids.has(run.sample) && run.file !== undefined);
      const watches = new Map<string, OutputWatch>();
      for (const { file } of ran) {
        for (const [name, tensor] of readSafetensors(join(reference.dir, file as string))) {
          const watch = watches.get(name) ?? new OutputWatch();
          watches.set(name, watch);
          watch.add(tensor);
        }
      }
      const outputs = [...watches].map(([name, watch]) => watch.result(name));
      const constant = [...watches].filter(([, watch]) => watch.isConstant);
      const findings = constant.map(([name]) =>
        makeFinding('output-constant', `output ${name}`, { samples: ran.length }),
      );
      return {
        value: {
          coverage: {
            dims: sizesTaken(
              plan,
              samples.filter((s) => ran.some((r) => r.sample === s.id)),
            ),
            outputs,
          },
          findings,
        },
      };
    },
  });
}
