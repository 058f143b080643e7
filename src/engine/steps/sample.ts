import type { RawFinding } from '../../core/findings.ts';
import type { InputPlan, SamplePlan } from '../../records/rules.ts';
import type { Sample } from '../../records/sample.ts';
import { generateSamples } from '../../sample/generate.ts';
import type { RunContext } from '../context.ts';
import type { StepResult } from '../step.ts';

export interface SampleSet {
  readonly samples: readonly Sample[];
  readonly findings: readonly RawFinding[];
}

/** Makes a case's samples; shared by its reference and all its candidates. */
export function makeSamples(ctx: RunContext, conversion: string, plan: SamplePlan): Promise<StepResult<SampleSet>> {
  return ctx.steps.run<SampleSet>({
    kind: 'sample',
    version: 3,
    inputs: {
      ...plan,
      inputs: plan.inputs.map(withoutPlace),
      files: plan.files.map((f) => f.digest),
      images: plan.images.map(({ path, ...set }) => set),
      names: plan.files.map((f) => f.path.split(/[/\\]/).at(-1)),
    },
    conversion,
    label: 'making samples',
    run: async (dir) => ({
      value: await generateSamples(plan, dir),
      dependencies: plan.inputs.flatMap(({ generator }) =>
        generator === undefined || generator.digest === '' ? [] : [generator.path],
      ),
    }),
  });
}

/** Where a checkout lies does not change what a generator in it makes. */
const withoutPlace = ({ generator, ...input }: InputPlan): object =>
  generator === undefined ? input : { ...input, generator: generator.digest || generator.path };
