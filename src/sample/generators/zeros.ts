import { constantChoices, constantReals } from './fill.ts';
import type { Generator } from './generator.ts';

/** Shows what biases and normalisation do by themselves. */
export const zeros: Generator = { name: 'zeros', reals: constantReals(0), choices: constantChoices(0) };
