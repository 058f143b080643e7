import type { Choices } from '../domain.ts';
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
  choices: (out, domain, { random }) => {
    const count = negatives(domain);
    for (let i = 0; i < out.length; i++) out[i] = random.integer(0, Math.max(count - 1, 0));
    return count > 0;
  },
};

/** How many legal values lie below zero; they come first. Halving, for the range may be all of int64. */
function negatives({ size, at }: Choices): number {
  let [low, high] = [0, size];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const value = at(middle);
    if (typeof value === 'number' && value < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
