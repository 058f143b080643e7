import { range, takeRows } from '../../../tensor/rows.ts';
import type { NamedTensors } from '../../../tensor/tensor.ts';
import { explainedShare } from '../../measure.ts';
import type { Hypothesis, Question } from '../../scene.ts';
import { LEAST } from '../values/support.ts';
import { answersOf, bothOn } from './answers.ts';

/** A size of inputs at which the candidate agrees, while it agrees at no other. */
interface Frozen {
  readonly size: number;
  /** Axis by input: all of one dimension. */
  readonly axes: ReadonlyMap<string, number>;
  readonly failing: string;
}

/**
 * Samples of one size pass and all others fail; and a failing sample, cut to that size, agrees. That proves that size
 * matters: the same values are right at the size of the example and wrong at another.
 */
export const frozenDimension: Hypothesis = {
  name: 'frozen-dimension',
  codes: ['frozen-dimension'],
  applies: ({ scene: { lab } }) => lab.reference !== null && lab.candidate !== null && lab.facts.samples.length > 1,
  async test(question) {
    const { lab } = question.scene;
    for (const { size, axes, failing } of frozenSizes(question)) {
      const answers = answersOf(question, failing);
      const inputs = lab.inputs(failing);
      if ([...axes].some(([name, axis]) => (inputs.get(name)?.shape[axis] ?? 0) < size)) continue;
      const cut = new Map(
        [...inputs].map(([name, t]) => {
          const axis = axes.get(name);
          return [name, axis === undefined ? t : takeRows(t, axis, range(0, size))] as const;
        }),
      );
      const after = await bothOn(question, cut, `cut to a size of ${size}`);
      const before = answers?.before ?? Number.POSITIVE_INFINITY;
      const tolerance = answers?.tolerance ?? question.scene.tolerance;
      const explained = explainedShare(before, after, tolerance);
      if (explained < LEAST) continue;
      const [[name, axis] = ['the input', 0]] = axes;
      return {
        code: 'frozen-dimension',
        where: `input ${name}, axis ${axis}`,
        args: { size },
        experiment: `with sample ${failing} cut to the size ${size}, at which others agree`,
        before,
        after,
        explained,
      };
    }
    return undefined;
  },
};

function frozenSizes({ scene: { lab } }: Question): Frozen[] {
  const samples = lab.facts.samples.filter((s) => s.group === null && s.elements > 0);
  const failed = samples.filter((s) => s.failed).map(({ id }) => ({ id, inputs: lab.inputs(id) }));
  const passed = samples.filter((s) => !s.failed).map(({ id }) => ({ id, inputs: lab.inputs(id) }));
  const [first] = passed;
  if (first === undefined || failed.length === 0) return [];
  const dims = [...first.inputs].flatMap(([name, { shape }]) => shape.map((size, axis) => ({ name, axis, size })));
  const at = (inputs: NamedTensors, name: string, axis: number): number | undefined => inputs.get(name)?.shape[axis];
  const frozen = dims.filter(
    ({ name, axis, size }) =>
      passed.every((s) => at(s.inputs, name, axis) === size) && failed.every((s) => at(s.inputs, name, axis) !== size),
  );
  // Axes of one size that change together are one dimension: the batch of all inputs.
  const sizes = [...new Set(frozen.map(({ size }) => size))];
  return sizes.flatMap((size) => {
    const axes = new Map(frozen.filter((d) => d.size === size).map(({ name, axis }) => [name, axis] as const));
    const larger = failed.filter(({ inputs }) =>
      [...axes].every(([name, axis]) => (at(inputs, name, axis) ?? 0) > size),
    );
    return larger.slice(0, 1).map(({ id }): Frozen => ({ size, axes, failing: id }));
  });
}
