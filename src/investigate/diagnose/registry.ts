import type { Hypothesis } from '../scene.ts';
import { graphDifference } from './graph/graph-difference.ts';
import { CIRCUMSTANCES_FIRST, ON_OTHER_INPUTS, TOLD } from './runs/registry.ts';
import { BY_VALUE } from './values/registry.ts';

/**
 * All hypotheses, the most specific first: where two explain equally much, the one that stands further up is believed.
 * A hypothesis about one attribute stands above one that replaces a whole region, and edits of the candidate above what
 * values alone tell.
 */
export const HYPOTHESES: readonly Hypothesis[] = [
  ...CIRCUMSTANCES_FIRST,
  graphDifference,
  ...TOLD,
  ...BY_VALUE,
  ...ON_OTHER_INPUTS,
];
