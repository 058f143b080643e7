import { type CatalogueEntry, entry } from './entry.ts';
import { again, answersDifferently, howFar, number } from './words.ts';

/** Findings on whether the candidate is fit to be judged. */
export const CANDIDATE = {
  'candidate-not-deterministic': entry(
    'error',
    'The candidate answers differently when it is asked again, beyond rounding, or draws random numbers without a seed, where the reference does not. Export in inference mode.',
    (_w, a) => `the candidate ${answersDifferently(a)}`,
  ),
  'candidate-unsteady': entry(
    'info',
    'Two runs of the candidate differ in their last bits: threads that sum in another order.',
    (_w, a) => `the candidate does not give the same bits ${again(a)}${howFar(a)}: rounding, not an error`,
  ),
  'candidate-mixes-rows': entry(
    'error',
    'A row of the candidate’s answer depends on the other rows of its batch, which the reference keeps apart: an axis was taken for another one, or batch statistics are computed anew. A warning where the candidate declares dynamic quantisation, which takes its scales from the whole batch, and the row moves by no more than its rounding.',
    (w, a) =>
      `${w} of the candidate: row ${String(a.row)} of sample ${String(a.sample)} comes out otherwise alone than in its batch${a.maxAbs === null ? '' : ` (off by ${number(a.maxAbs)})`}; the reference keeps rows apart${a.byRanges === true ? ' (dynamic quantisation takes its scales from the whole batch)' : ''}`,
  ),
} as const satisfies Record<string, CatalogueEntry>;
