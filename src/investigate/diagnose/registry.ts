import type { Hypothesis } from '../scene.ts';
import { batchStatistics } from './batch-statistics.ts';
import { graphDifference } from './graph/graph-difference.ts';
import { localFunction } from './local-function.ts';
import { operatorAlternatives } from './operator-alternatives.ts';
import { recurrentWeights } from './recurrent-weights.ts';
import { CIRCUMSTANCES_FIRST, ON_OTHER_INPUTS, TOLD } from './runs/registry.ts';
import { sourceConstants } from './source-constants.ts';
import { sourceWeights } from './source-weights.ts';
import { BY_VALUE } from './values/registry.ts';

/**
 * All hypotheses, the most specific first: where two explain equally much, the one that stands further up is believed.
 * A hypothesis about one attribute stands above one that replaces a whole region, and edits of the candidate above what
 * values alone tell.
 */
export const HYPOTHESES: readonly Hypothesis[] = [
  ...CIRCUMSTANCES_FIRST,
  graphDifference,
  batchStatistics,
  sourceWeights,
  recurrentWeights,
  sourceConstants,
  operatorAlternatives,
  localFunction,
  ...TOLD,
  ...BY_VALUE,
  ...ON_OTHER_INPUTS,
];
