import { cast, tensorFrom } from '../../../tensor/build.ts';
import { elementCount, type NamedTensors, type Tensor } from '../../../tensor/tensor.ts';
import { toFloat64 } from '../../../tensor/values.ts';
import { explainedShare } from '../../measure.ts';
import type { Hypothesis, Question } from '../../scene.ts';
import { LEAST } from '../values/support.ts';
import { answersOf, bothOn } from './answers.ts';

/**
 * Both sides agree once nothing is masked out: an input of ones and zeros, set to ones throughout for both. Then what is
 * done with the zeros is the error. Asked only if the mask reaches the answer of the reference at all.
 */
export const maskIgnored: Hypothesis = {
  name: 'mask-ignored',
  codes: ['mask-differs'],
  applies: ({ scene: { lab }, divergence }) =>
    divergence === null && lab.reference !== null && lab.candidate !== null && lab.facts.samples.length > 0,
  async test(question) {
    const { lab, sample } = question.scene;
    const answers = answersOf(question);
    if (answers === null || answers.before <= answers.tolerance) return undefined;
    const inputs = lab.inputs(sample);
    for (const [name, tensor] of inputs) {
      if (inputs.size < 2 || !isMask(tensor)) continue;
      const open = new Map([...inputs, [name, ones(tensor)]]);
      if (!(await reaches(question, open, answers.tolerance))) continue;
      const after = await bothOn(question, open, `with nothing masked out by ${name}`);
      const explained = explainedShare(answers.before, after, answers.tolerance);
      if (explained < LEAST) continue;
      const experiment = `with nothing masked out by ${name}, on both sides`;
      return {
        code: 'mask-differs',
        where: `input ${name}`,
        args: {},
        experiment,
        before: answers.before,
        after,
        explained,
      };
    }
    return undefined;
  },
};

/** Whether the reference answers otherwise when nothing is masked out. */
async function reaches({ scene }: Question, inputs: NamedTensors, tolerance: number): Promise<boolean> {
  const { lab, sample } = scene;
  const before = lab.observed(sample).reference;
  if (lab.reference === null || before === null) return false;
  const ran = await lab.run(lab.reference, { sample: inputs, label: 'the reference with nothing masked out' });
  if (!ran.ok) return false;
  return [...ran.outputs].some(([name, value]) => {
    const first = before.get(name);
    if (first === undefined || value.dtype === 'string' || first.dtype === 'string') return false;
    const [a, b] = [toFloat64(first), toFloat64(value)];
    return a.length === b.length && a.some((x, i) => Math.abs(x - (b[i] as number)) > tolerance * (1 + Math.abs(x)));
  });
}

/** Nothing but zeros and ones, and both of them. */
function isMask(tensor: Tensor): boolean {
  if (tensor.dtype === 'string' || elementCount(tensor.shape) < 2) return false;
  const seen = new Set(toFloat64(tensor));
  return seen.size === 2 && seen.has(0) && seen.has(1);
}

const ones = ({ dtype, shape }: Tensor): Tensor =>
  cast(tensorFrom('float64', shape, new Float64Array(elementCount(shape)).fill(1)), dtype as 'float32');
