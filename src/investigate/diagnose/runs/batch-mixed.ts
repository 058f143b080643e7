import { takeRows } from '../../../tensor/rows.ts';
import type { NamedTensors } from '../../../tensor/tensor.ts';
import { errorOf } from '../../experiment.ts';
import { explainedShare } from '../../measure.ts';
import type { Hypothesis } from '../../scene.ts';
import { LEAST } from '../values/support.ts';
import { answersOf, apart, candidateRuns } from './answers.ts';

/**
 * A row of a batch agrees when it is run alone, and not in its batch, while the reference answers both alike: what the rows
 * do to each other is the error. Which axis is taken for another one is for the hypotheses about graphs.
 */
export const batchMixed: Hypothesis = {
  name: 'batch-mixed',
  codes: ['batch-mixed'],
  applies: ({ scene: { lab } }) =>
    lab.candidate !== null && lab.facts.findings.some(({ code }) => code === 'candidate-mixes-rows'),
  async test(question) {
    const { lab, sample } = question.scene;
    const batched = [sample, ...lab.facts.samples.filter((s) => s.failed).map(({ id }) => id)].find(
      (id) => rowsOf(lab.inputs(id)) > 1,
    );
    const answers = batched === undefined ? null : answersOf(question, batched);
    if (batched === undefined || answers?.given == null || lab.candidate === null) return undefined;
    const inputs = lab.inputs(batched);
    const count = rowsOf(inputs);
    const first = (tensors: NamedTensors): NamedTensors =>
      new Map([...tensors].map(([name, t]) => [name, t.shape[0] === count ? takeRows(t, 0, [0]) : t]));
    const expected = first(answers.expected);
    const before = apart(expected, first(answers.given));
    if (!(before > answers.tolerance)) return undefined;
    const ran = await candidateRuns(question, { label: 'one row alone' }, first(inputs));
    const after = ran === null ? Number.POSITIVE_INFINITY : errorOf(ran, expected);
    const explained = explainedShare(before, after, answers.tolerance);
    if (explained < LEAST) return undefined;
    return {
      code: 'batch-mixed',
      where: answers.where,
      args: { rows: count },
      experiment: 'with a row of the batch alone',
      before,
      after,
      explained,
    };
  },
};

/** The size that all inputs have in front; 0: they have none in common. */
function rowsOf(inputs: NamedTensors): number {
  const sizes = new Set([...inputs.values()].map(({ shape }) => shape[0] ?? 0));
  return sizes.size === 1 ? ([...sizes][0] as number) : 0;
}
