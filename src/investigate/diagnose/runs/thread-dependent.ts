import { errorOf } from '../../experiment.ts';
import { explainedShare } from '../../measure.ts';
import type { Hypothesis, Question } from '../../scene.ts';
import { LEAST } from '../values/support.ts';
import { answersOf, candidateRuns } from './answers.ts';

const THREADS = /^(num_?)?(threads|intra_?op_?num_?threads|inference_?num_?threads)$/i;

const threadOption = ({ scene: { lab } }: Question): string | undefined =>
  Object.entries(lab.runtimeOptions('candidate')).find(([name, { set }]) => THREADS.test(name) && set !== 1)?.[0];

/** With one thread the candidate agrees. */
export const threadDependent: Hypothesis = {
  name: 'thread-dependent',
  codes: ['thread-dependent'],
  applies: (question) =>
    question.scene.lab.candidate !== null &&
    (question.divergence === null || question.divergence.precision === 'deployed') &&
    threadOption(question) !== undefined,
  async test(question) {
    const answers = answersOf(question);
    const option = threadOption(question);
    if (answers === null || option === undefined || !(answers.before > answers.tolerance)) return undefined;
    const ran = await candidateRuns(question, { options: { [option]: 1 }, label: 'with one thread' });
    const after = ran === null ? Number.POSITIVE_INFINITY : errorOf(ran, answers.expected);
    const explained = explainedShare(answers.before, after, answers.tolerance);
    if (explained < LEAST) return undefined;
    const { before, where } = answers;
    return {
      code: 'thread-dependent',
      where,
      args: { option },
      experiment: 'with one thread',
      before,
      after,
      explained,
    };
  },
};
