import type { Moments } from '../values/moments.ts';
import { defined } from './arithmetic.ts';
import type { Metric } from './metric.ts';

/** The cosine of the angle between both outputs as vectors; null where either is all zeros. */
export const cosine: Metric = {
  name: 'cosine',
  from: (m) => (m.kind === 'number' ? cosineOf(m) : null),
};

function cosineOf(m: Moments): number | null {
  // Two roots and not the root of the product, which overflows much earlier.
  const norms = Math.sqrt(m.sumReference) * Math.sqrt(m.sumCandidate);
  return norms === 0 ? null : defined(Math.max(-1, Math.min(1, m.sumProduct / norms)));
}
