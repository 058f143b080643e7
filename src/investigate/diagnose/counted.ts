import type { Lab } from '../lab.ts';
import type { Question } from '../scene.ts';

/** The same question, with a count of the models that were run for it. */
export function counted(question: Question): { readonly question: Question; readonly runs: () => number } {
  const { lab } = question.scene;
  let runs = 0;
  // A prototype instead of a copy: labs may be classes, whose methods a spread would lose.
  const watched: Lab = Object.assign(Object.create(lab) as Lab, {
    run: ((specimen, how) => {
      runs += 1;
      return lab.run(specimen, how);
    }) satisfies Lab['run'],
    tap: ((specimen, tensors, how) => {
      runs += 1;
      return lab.tap(specimen, tensors, how);
    }) satisfies Lab['tap'],
  });
  return { question: { ...question, scene: { ...question.scene, lab: watched } }, runs: () => runs };
}
