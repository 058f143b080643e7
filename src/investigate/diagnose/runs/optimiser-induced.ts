import { errorOf } from '../../experiment.ts';
import { explainedShare } from '../../measure.ts';
import type { Evidence, Hypothesis, Question } from '../../scene.ts';
import { LEAST } from '../values/support.ts';
import { type Answers, answersOf, candidateRuns } from './answers.ts';

/** What runtimes call how much they optimise: `optimization`, `graphOptimizationLevel`, `optimise`. */
const LEVEL = /optimi[sz]|delegate|xnnpack/i;

/**
 * With the runtime's optimiser off the candidate agrees. Then the options that set it are tried one at a time, so that the
 * least that has to be changed is named. Not asked where a node was found that differs in exact arithmetic.
 */
export const optimiserInduced: Hypothesis = {
  name: 'optimiser-induced',
  codes: ['optimiser-induced'],
  applies: ({ scene, divergence }) =>
    scene.lab.candidate !== null && (divergence === null || divergence.precision === 'deployed'),
  async test(question) {
    const answers = answersOf(question);
    if (answers === null || !(answers.before > answers.tolerance)) return undefined;
    const off = await candidateRuns(question, { unoptimised: true, label: 'with the optimiser off' });
    const after = off === null ? Number.POSITIVE_INFINITY : errorOf(off, answers.expected);
    const explained = explainedShare(answers.before, after, answers.tolerance);
    if (explained < LEAST) return undefined;
    const option = await leastChange(question, answers);
    const evidence: Evidence = {
      code: 'optimiser-induced',
      where: answers.where,
      args: option === null ? {} : { option },
      experiment: option === null ? 'with the optimiser off' : `with ${option}`,
      before: answers.before,
      after,
      explained,
    };
    return evidence;
  },
};

/** The first other value of an option that agrees, those that a runtime lists first first; null: none does by itself. */
async function leastChange(question: Question, answers: Answers): Promise<string | null> {
  for (const [name, { values, set }] of Object.entries(question.scene.lab.runtimeOptions('candidate'))) {
    if (!LEVEL.test(name)) continue;
    for (const value of values.toReversed()) {
      if (value === set) continue;
      const choice = `${name}=${String(value)}`;
      const ran = await candidateRuns(question, { options: { [name]: value }, label: `with ${choice}` });
      if (ran !== null && errorOf(ran, answers.expected) <= answers.tolerance) return choice;
    }
  }
  return null;
}
