import type { InputPlan, SamplePlan } from '../records/rules.ts';
import type { Sample } from '../records/sample.ts';
import { STEP_AXIS } from '../tensor/steps.ts';
import { findAxes } from './axes.ts';

/** Which sizes each dynamic dimension took, by the label that stands in sample ids. What grows took one at each step. */
export function sizesTaken(
  plan: Pick<SamplePlan, 'inputs' | 'dims' | 'sequence'>,
  samples: readonly Sample[],
): Record<string, number[]> {
  const { sequence } = plan;
  const axes = findAxes(plan);
  return Object.fromEntries(
    axes.all.map(({ key, label }) => {
      const growth = sequence?.grow[label];
      if (growth !== undefined && sequence !== undefined)
        return [label, Array.from({ length: sequence.steps }, (_, step) => growth.from + growth.by * step)];
      const input = plan.inputs.find((each) => axes.keysOf(each).includes(key)) as InputPlan;
      const axis = axes.keysOf(input).indexOf(key);
      const isStepped = sequence !== undefined && !sequence.states.some((s) => s.input === input.name);
      const at = isStepped && axis >= STEP_AXIS ? axis + 1 : axis;
      const sizes = samples.flatMap((s) => s.inputs.find(({ name }) => name === input.name)?.shape[at] ?? []);
      return [label, [...new Set(sizes)].sort((a, b) => a - b)];
    }),
  );
}
