import type { Tensor } from '../../tensor/tensor.ts';
import { reader } from '../../tensor/values.ts';
import type { Moments } from '../values/moments.ts';
import { sameShape } from '../values/shapes.ts';

/**
 * Takes integers, booleans and labels out of the violations that rounding alone flips: they changed in a run of the
 * reference with inputs and weights moved by one step. What never flips stays a difference (ties.ts knows equal scores).
 */
export function excuseFlips(m: Moments, reference: Tensor, candidate: Tensor, perturbed: readonly Tensor[]): void {
  const runs = perturbed.filter((p) => p.dtype === reference.dtype && sameShape(p.shape, reference.shape)).map(reader);
  if (runs.length === 0 || m.violations === 0) return;
  const [r, c] = [reader(reference), reader(candidate)];
  let flips = 0;
  for (let at = 0; at < m.elements; at++) {
    const value = r(at);
    if (value !== c(at) && runs.some((run) => run(at) !== value)) flips++;
  }
  // Ties of equal scores may be among them: what was excused is not excused twice.
  const excused = Math.min(m.violations, flips);
  m.ties += excused;
  m.violations -= excused;
  if (m.violations === 0) m.worstOutside = null;
}
