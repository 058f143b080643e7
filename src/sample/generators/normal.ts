import { anyChoice, unitBounds } from './fill.ts';
import type { Generator } from './generator.ts';

/** The bulk of the legal values: N(0, 1), or N(middle, width / 6) clipped to a given range; any integer as likely as another. */
export const normal: Generator = {
  name: 'normal',
  reals: (out, domain, { random }) => {
    random.fillNormal(out);
    if (domain.low === Number.NEGATIVE_INFINITY && domain.high === Number.POSITIVE_INFINITY) return true;
    const [low, high] = unitBounds(domain);
    // Three standard deviations to either side: 99.7 % need no clipping.
    const middle = low / 2 + high / 2;
    const deviation = high / 6 - low / 6;
    for (let i = 0; i < out.length; i++)
      out[i] = Math.min(Math.max(middle + deviation * (out[i] as number), low), high);
    return true;
  },
  choices: anyChoice,
};
