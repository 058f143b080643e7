import type { Rule } from './alternative.ts';
import { activation } from './rules/activations.ts';
import { argument, normParameters, oneAxis, reduction, runningSum } from './rules/axes.ts';
import { clip } from './rules/clip.ts';
import { binary, choice, comparison } from './rules/comparisons.ts';
import { epsilonAttribute, epsilonConstant } from './rules/epsilon.ts';
import { gridSample } from './rules/grid-sample.ts';
import { gather, positions, slice } from './rules/indices.ts';
import { modulo, rounding, unary } from './rules/integers.ts';
import { axesOrder, joined, oneHotValues, weightOrder } from './rules/layout.ts';
import { maskTable, triangle } from './rules/masks.ts';
import { batchNormTraining, batchNormVariance, meanSubtracted, unbiasedVariance } from './rules/normalisation.ts';
import { pad, windowPads } from './rules/pads.ts';
import { gateOrder, recurrence } from './rules/recurrence.ts';
import { resize } from './rules/resize.ts';
import { scale } from './rules/scales.ts';
import { postTransform, trees } from './rules/trees.ts';
import { poolBorder, windowSteps } from './rules/windows.ts';

/** What each operator can have meant instead. */
export const RULES: readonly Rule[] = [
  epsilonAttribute,
  epsilonConstant,
  batchNormTraining,
  batchNormVariance,
  unbiasedVariance,
  meanSubtracted,
  poolBorder,
  windowPads,
  windowSteps,
  pad,
  resize,
  gridSample,
  activation,
  clip,
  oneAxis,
  reduction,
  argument,
  runningSum,
  normParameters,
  gateOrder,
  recurrence,
  modulo,
  rounding,
  unary,
  comparison,
  choice,
  triangle,
  maskTable,
  binary,
  gather,
  slice,
  positions,
  axesOrder,
  weightOrder,
  joined,
  oneHotValues,
  scale,
  trees,
  postTransform,
];
