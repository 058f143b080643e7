import { cast, tensorFrom } from '../../../tensor/build.ts';
import { elementCount, type NamedTensors, type Tensor } from '../../../tensor/tensor.ts';
import { explainedShare } from '../../measure.ts';
import type { Evidence, Hypothesis, Question } from '../../scene.ts';
import { LEAST } from '../values/support.ts';
import { answersOf, apart } from './answers.ts';

/** What exporters bake in for an input that they leave out: nothing masked, or nothing at all. */
const BAKED = [1, 0] as const;

const MISSING = 'input-missing';

/**
 * The candidate does not take an input of the reference, and answers as the reference does when that input is the same
 * number everywhere: its value of the export is baked in, or it is not used. Then the contract is the cause, and what the
 * values show follows from it.
 */
export const inputDropped: Hypothesis = {
  name: 'input-dropped',
  codes: ['contract-differs'],
  applies: ({ scene: { lab } }) =>
    lab.reference !== null && lab.facts.findings.some(({ code, severity }) => code === MISSING && severity === 'error'),
  async test(question) {
    const { lab, sample } = question.scene;
    const answers = answersOf(question);
    if (answers?.given == null || answers.before <= answers.tolerance) return undefined;
    const inputs = lab.inputs(sample);
    for (const { code, where } of lab.facts.findings) {
      const name = where.replace(/^input /, '');
      const tensor = inputs.get(name);
      if (code !== MISSING || tensor === undefined || tensor.dtype === 'string') continue;
      for (const value of BAKED) {
        const found = await withConstant(question, { inputs, name, tensor, value, where });
        if (found !== undefined) return found;
      }
    }
    return undefined;
  },
};

interface Try {
  readonly inputs: NamedTensors;
  readonly name: string;
  readonly tensor: Tensor;
  readonly value: number;
  readonly where: string;
}

async function withConstant(
  question: Question,
  { inputs, name, tensor, value, where }: Try,
): Promise<Evidence | undefined> {
  const { lab } = question.scene;
  const answers = answersOf(question);
  if (lab.reference === null || answers?.given == null) return undefined;
  const experiment = `with ${name} at ${value} throughout in the reference, which the candidate does not take`;
  const sample = new Map([...inputs, [name, filled(tensor, value)]]);
  const ran = await lab.run(lab.reference, { sample, label: experiment });
  if (!ran.ok) return undefined;
  const names = lab.facts.outputs.flatMap(({ reference, candidate }) => {
    const got = ran.outputs.get(reference);
    return got === undefined || !answers.expected.has(candidate) ? [] : [[candidate, got] as const];
  });
  const after = names.length === 0 ? Number.POSITIVE_INFINITY : apart(new Map(names), answers.given);
  const explained = explainedShare(answers.before, after, answers.tolerance);
  if (explained < LEAST) return undefined;
  return {
    code: 'contract-differs',
    where,
    args: { finding: MISSING },
    experiment,
    before: answers.before,
    after,
    explained,
  };
}

const filled = ({ dtype, shape }: Tensor, value: number): Tensor =>
  cast(tensorFrom('float64', shape, new Float64Array(elementCount(shape)).fill(value)), dtype as 'float32');
