import type { Hypothesis } from '../scene.ts';
import { graphDifference } from './graph/graph-difference.ts';

/**
 * All hypotheses, the most specific first: where two explain equally much, the one that stands further up is believed.
 * A hypothesis about one attribute stands above one that replaces a whole region.
 */
export const HYPOTHESES: readonly Hypothesis[] = [graphDifference];
