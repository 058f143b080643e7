import { scaledNormal } from './fill.ts';
import type { Generator } from './generator.ts';

/** Below zero only: what ReLU, sqrt, log, integer division and truncation treat apart. */
export const negative: Generator = {
  name: 'negative',
  reals: (out, { low, high }, target) => {
    if (low >= 0) return false;
    scaledNormal(out, { kind: 'reals', low, high: Math.min(high, 0) }, target, Number.isFinite(low) ? -low / 3 : 1);
    return true;
  },
  choices: (out, { negatives }, { random }) => {
    for (let i = 0; i < out.length; i++) out[i] = random.integer(0, Math.max(negatives - 1, 0));
    return negatives > 0;
  },
};
