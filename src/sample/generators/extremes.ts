import type { Generator } from './generator.ts';

/** Only the two ends of the legal range, mixed: the last row of an embedding, the darkest and brightest pixel. */
export const extremes: Generator = {
  name: 'extremes',
  reals: (out, { low, high }, { random }) => {
    if (!Number.isFinite(low) || !Number.isFinite(high)) return false;
    for (let i = 0; i < out.length; i++) out[i] = random.uint32() & 0x80000000 ? high : low;
    return true;
  },
  choices: (out, { size }, { random }) => {
    for (let i = 0; i < out.length; i++) out[i] = random.uint32() & 0x80000000 ? size - 1 : 0;
    // Of one or two legal values both ends are what any draw gives.
    return size > 2;
  },
};
