import type { Hypothesis } from '../../scene.ts';
import { answersOf, apart, candidateRuns } from './answers.ts';

/** Two answers of one model that lie apart by this share of its error make the error doubtful as a whole. */
const SHARE = 0.1;

const TOLD = new Set(['candidate-not-deterministic', 'reference-not-deterministic']);

/** The candidate, run again in a process of its own, answers otherwise. */
export const randomness: Hypothesis = {
  name: 'randomness',
  codes: ['randomness'],
  applies: ({ scene: { lab } }) => lab.candidate !== null || lab.facts.findings.some(({ code }) => TOLD.has(code)),
  async test(question) {
    const { facts } = question.scene.lab;
    const answers = answersOf(question);
    const told = facts.findings.find(({ code }) => TOLD.has(code));
    const before = answers?.before ?? 1;
    const where = told?.code === 'reference-not-deterministic' ? 'the reference' : 'the candidate';
    if (told !== undefined)
      return { code: 'randomness', where, args: {}, experiment: 'run again', before, after: 0, explained: 1 };
    // What draws random numbers at all is told by its graph; running again is for sides that show none.
    if (answers?.given == null || question.scene.candidate !== null || !(answers.before > answers.tolerance))
      return undefined;
    const ran = await candidateRuns(question, { fresh: true, label: 'once more' });
    if (ran?.ok !== true) return undefined;
    const given = answers.given;
    const first = new Map(
      [...answers.expected.keys()].flatMap((name) => {
        const value = given.get(name);
        return value === undefined ? [] : [[name, value] as const];
      }),
    );
    if (first.size === 0) return undefined;
    const moved = apart(first, ran.outputs);
    if (!(moved > answers.tolerance && moved >= SHARE * answers.before)) return undefined;
    return { code: 'randomness', where, args: { moved }, experiment: 'run once more', before, after: 0, explained: 1 };
  },
};
