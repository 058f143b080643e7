import type { InputPlan, SamplePlan } from '../records/rules.ts';
import type { Sample } from '../records/sample.ts';
import { findAxes } from './axes.ts';

/** Which sizes each dynamic dimension took, by the label that stands in sample ids. */
export function sizesTaken(
  plan: Pick<SamplePlan, 'inputs' | 'dims'>,
  samples: readonly Sample[],
): Record<string, number[]> {
  const axes = findAxes(plan);
  return Object.fromEntries(
    axes.all.map(({ key, label }) => {
      const input = plan.inputs.find((each) => axes.keysOf(each).includes(key)) as InputPlan;
      const axis = axes.keysOf(input).indexOf(key);
      const sizes = samples.flatMap((s) => s.inputs.find(({ name }) => name === input.name)?.shape[axis] ?? []);
      return [label, [...new Set(sizes)].sort((a, b) => a - b)];
    }),
  );
}
