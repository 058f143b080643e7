import { anyChoice, unitBounds } from './fill.ts';
import type { Generator } from './generator.ts';

/** The whole legal range evenly; [−1, 1] where none is given. */
export const uniform: Generator = {
  name: 'uniform',
  reals: (out, domain, { random }) => {
    const [low, high] = unitBounds(domain);
    for (let i = 0; i < out.length; i++) {
      const u = random.uniform();
      // Not low + u · (high − low): that overflows when the range is as wide as float64.
      out[i] = low * (1 - u) + high * u;
    }
    return true;
  },
  choices: anyChoice,
};
