import type { Lab } from '../lab.ts';
import type { Question } from '../scene.ts';

/** The same question, with a count of the models that were run for it. */
export function counted(question: Question): { readonly question: Question; readonly runs: () => number } {
  const { lab } = question.scene;
  let runs = 0;
  // Not a copy and not a descendant: labs may be classes with private fields, which know their own objects alone.
  const watched = new Proxy(lab, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function') return value;
      return (...args: unknown[]): unknown => {
        if (name === 'run' || name === 'tap') runs += 1;
        return Reflect.apply(value, target, args);
      };
    },
  }) satisfies Lab;
  return { question: { ...question, scene: { ...question.scene, lab: watched } }, runs: () => runs };
}
