import { contains, scaledNormal } from './fill.ts';
import type { Generator } from './generator.ts';

/**
 * A hundred: beyond ln(float32 max) = 88.7, where an exponential that was not shifted by its maximum overflows, and far
 * beyond 16.6 and 9.0, where float32 sigmoid and tanh saturate; yet its square fits float16 (65504) and no sum of
 * such products leaves float32.
 */
const SCALE = 100;

/** Saturates activations and overflows what was written carelessly. */
export const large: Generator = {
  name: 'large',
  reals: (out, domain, target) => {
    scaledNormal(out, domain, target, SCALE);
    return contains(domain, SCALE) || contains(domain, -SCALE);
  },
};
