import { contains, scaledNormal } from './fill.ts';
import type { Generator } from './generator.ts';

/**
 * A thousandth: its square lies below the ε that normalisation layers add to variances (1e-5 in torch.nn.LayerNorm and
 * BatchNorm, 1e-3 in Keras), so that a wrong ε dominates the result.
 */
const SCALE = 1e-3;

/** Close to zero, where ε and cancellation decide. */
export const small: Generator = {
  name: 'small',
  reals: (out, domain, target) => {
    scaledNormal(out, domain, target, SCALE);
    // A range that is itself of this size holds nothing small.
    return contains(domain, 0) && domain.high - domain.low > 10 * SCALE;
  },
};
