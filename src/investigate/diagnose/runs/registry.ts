import type { Hypothesis } from '../../scene.ts';
import { batchMixed } from './batch-mixed.ts';
import { contractDiffers } from './contract-differs.ts';
import { toldByFindings } from './findings.ts';
import { frozenDimension } from './frozen-dimension.ts';
import { inputPrepared } from './input-prepared.ts';
import { maskIgnored } from './mask-ignored.ts';
import { optimiserInduced } from './optimiser-induced.ts';
import { randomness } from './randomness.ts';
import { threadDependent } from './thread-dependent.ts';

/** Asked before anything is looked into: where they hold, everything else would be built on sand. */
export const CIRCUMSTANCES_FIRST: readonly Hypothesis[] = [
  randomness,
  contractDiffers,
  optimiserInduced,
  threadDependent,
];

/** What was proven while the case was judged. */
export const TOLD: readonly Hypothesis[] = [toldByFindings];

/** Whole models on other inputs: asked last, as they cost the most runs and see the least. */
export const ON_OTHER_INPUTS: readonly Hypothesis[] = [frozenDimension, batchMixed, maskIgnored, inputPrepared];
