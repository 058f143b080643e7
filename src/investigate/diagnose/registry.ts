import type { Hypothesis } from '../scene.ts';
import { batchStatistics } from './batch-statistics.ts';
import { graphDifference } from './graph/graph-difference.ts';
import { localFunction } from './local-function.ts';
import { operatorAlternatives } from './operator-alternatives.ts';
import { recurrentWeights } from './recurrent-weights.ts';
import { sourceConstants } from './source-constants.ts';
import { sourceWeights } from './source-weights.ts';

/**
 * All hypotheses, the most specific first: where two explain equally much, the one that stands further up is believed.
 * A hypothesis about one attribute stands above one that replaces a whole region.
 */
export const HYPOTHESES: readonly Hypothesis[] = [
  graphDifference,
  batchStatistics,
  sourceWeights,
  recurrentWeights,
  sourceConstants,
  operatorAlternatives,
  localFunction,
];
