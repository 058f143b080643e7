import type { Hypothesis } from '../../scene.ts';
import { activation } from './activation.ts';
import { border } from './border.ts';
import { bounds } from './bounds.ts';
import { channelOrder } from './channel-order.ts';
import { constantOutput } from './constant-output.ts';
import { dtypeNarrowed } from './dtype-narrowed.ts';
import { layoutPermuted } from './layout-permuted.ts';
import { nanSource } from './nan-source.ts';
import { outputOrder } from './output-order.ts';
import { quantisationCoarse } from './quantisation-coarse.ts';
import { scalingDiffers } from './scaling-differs.ts';
import { shifted } from './shifted.ts';
import { softmaxLines } from './softmax-lines.ts';
import { ties } from './ties.ts';

/**
 * What recorded values alone tell, without a graph of either side. They describe the error and do not mend it, so they
 * stand behind every hypothesis that edits the candidate: those name the cause where there is more than values to look at.
 */
export const BY_VALUE: readonly Hypothesis[] = [
  ties,
  outputOrder,
  layoutPermuted,
  channelOrder,
  shifted,
  // A line comes before curves: far from zero many a curve is a line.
  scalingDiffers,
  activation,
  softmaxLines,
  bounds,
  quantisationCoarse,
  dtypeNarrowed,
  nanSource,
  border,
  constantOutput,
];
