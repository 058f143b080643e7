import type { DiagnosisCode } from '../../../core/diagnosis-catalogue.ts';
import type { Evidence, Hypothesis, Question } from '../../scene.ts';
import { type Place, placesOf } from './places.ts';
import { type Claim, supported } from './support.ts';

/**
 * A hypothesis that looks at recorded values alone: claims are made for each place of the question, and the place that is
 * explained best is told. Works for every pair of formats whose outputs can be read.
 */
export function byValue(
  name: string,
  codes: readonly DiagnosisCode[],
  claims: (place: Place, question: Question) => readonly Claim[],
): Hypothesis {
  return {
    name,
    codes,
    applies: ({ scene, divergence }) => divergence?.candidate != null || (divergence === null && hasAnswers(scene)),
    async test(question) {
      let best: Evidence | undefined;
      for (const place of placesOf(question)) {
        const evidence = await supported(place, claims(place, question));
        if (evidence !== undefined && evidence.explained > (best?.explained ?? 0)) best = evidence;
      }
      return best;
    },
  };
}

function hasAnswers({ lab, sample }: Question['scene']): boolean {
  const { reference, candidate } = lab.observed(sample);
  return reference !== null && candidate !== null;
}
