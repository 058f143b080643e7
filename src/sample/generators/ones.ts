import { constantChoices, constantReals } from './fill.ts';
import type { Generator } from './generator.ts';

/** A constant map: long sums of equal terms, where rounding bias adds up instead of cancelling. */
export const ones: Generator = { name: 'ones', reals: constantReals(1), choices: constantChoices(1) };
