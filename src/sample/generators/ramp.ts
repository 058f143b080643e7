import { unitBounds } from './fill.ts';
import type { Generator } from './generator.ts';

/** From the lowest to the highest legal value in memory order: every transposed axis or reversed row changes it. */
export const ramp: Generator = {
  name: 'ramp',
  reals: (out, domain) => {
    const [low, high] = unitBounds(domain);
    const last = Math.max(out.length - 1, 1);
    for (let i = 0; i < out.length; i++) out[i] = low * (1 - i / last) + high * (i / last);
    return true;
  },
  choices: (out, { size }) => {
    // More places than values: count through them again and again. Fewer: take evenly spaced ones.
    const step = size > out.length ? (size - 1) / Math.max(out.length - 1, 1) : 1;
    for (let i = 0; i < out.length; i++) out[i] = Math.floor(i * step) % size;
    return true;
  },
};
