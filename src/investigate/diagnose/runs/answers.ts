import type { How, NamedTensors, Ran } from '../../lab.ts';
import { distance, wrongness } from '../../measure.ts';
import type { Question } from '../../scene.ts';
import { outputPlaces } from '../values/places.ts';

/** The answers of whole models to the scene's sample, as they are deployed. */
export interface Answers {
  /** Outputs that are asked for, by the candidate's names: what the reference answered. */
  readonly expected: NamedTensors;
  /** What the candidate answered; null: it did not. */
  readonly given: NamedTensors | null;
  readonly before: number;
  readonly tolerance: number;
  /** In words: the outputs that failed. */
  readonly where: string;
}

/** Null: the reference's answer is not known. */
export function answersOf(question: Question, sample: string = question.scene.sample): Answers | null {
  const { lab } = question.scene;
  const { reference, candidate } = lab.observed(sample);
  if (reference === null) return null;
  const failed = lab.facts.outputs.filter((o) => o.failed);
  const asked = failed.length > 0 ? failed : lab.facts.outputs;
  const expected = new Map(
    asked.flatMap((o) => {
      const value = reference.get(o.reference);
      return value === undefined || value.dtype === 'string' ? [] : [[o.candidate, value] as const];
    }),
  );
  if (expected.size === 0) return null;
  const before = candidate === null ? Number.POSITIVE_INFINITY : apart(expected, candidate);
  const tolerance = Math.max(0, ...outputPlaces(question).map((p) => p.tolerance));
  const where = asked.map((o) => `output ${o.reference}`).join(', ');
  return { expected, given: candidate, before, tolerance: tolerance || question.scene.tolerance, where };
}

/** The largest wrongness of outputs against what is expected of them; infinite where one is missing. */
export const apart = (expected: NamedTensors, given: NamedTensors): number =>
  Math.max(
    ...[...expected].map(([name, value]) => {
      const got = given.get(name);
      return got === undefined ? Number.POSITIVE_INFINITY : wrongness(distance(value, got));
    }),
  );

/** The candidate as deployed, but for what is said; null: there is none. */
export async function candidateRuns(
  { scene }: Question,
  how: Omit<How, 'sample'>,
  sample?: How['sample'],
): Promise<Ran | null> {
  const { lab } = scene;
  return lab.candidate === null ? null : lab.run(lab.candidate, { ...how, sample: sample ?? scene.sample });
}

/** Both sides on inputs of our own, output by output; infinite where one of them fails. */
export async function bothOn(question: Question, inputs: NamedTensors, label: string): Promise<number> {
  const { lab } = question.scene;
  if (lab.reference === null || lab.candidate === null) return Number.POSITIVE_INFINITY;
  const how: How = { sample: inputs, label };
  const [mine, theirs] = [await lab.run(lab.reference, how), await lab.run(lab.candidate, how)];
  if (!mine.ok || !theirs.ok) return Number.POSITIVE_INFINITY;
  const failed = lab.facts.outputs.filter((o) => o.failed);
  let worst = 0;
  for (const { reference, candidate } of failed.length > 0 ? failed : lab.facts.outputs) {
    const [a, b] = [mine.outputs.get(reference), theirs.outputs.get(candidate)];
    worst = Math.max(worst, a === undefined || b === undefined ? Number.POSITIVE_INFINITY : wrongness(distance(a, b)));
  }
  return worst;
}
