import { isInteger } from '../../../tensor/dtype.ts';
import type { Tensor } from '../../../tensor/tensor.ts';
import { toFloat64 } from '../../../tensor/values.ts';
import type { Evidence, Hypothesis, Question } from '../../scene.ts';
import { spread, strides } from './numbers.ts';
import { type Place, placesOf } from './places.ts';

/**
 * Indices differ only where the scores that they point at are equal to rounding. The scores are an operand of the node that
 * makes the indices, or, where nothing could be looked into, an output that has one axis more.
 */
export const ties: Hypothesis = {
  name: 'ties',
  codes: ['ties'],
  applies: () => true,
  test(question) {
    for (const place of placesOf(question)) {
      if (!isInteger(place.reference.dtype) || !isInteger(place.candidate.dtype)) continue;
      for (const scores of scoresOf(question)) {
        const evidence = tied(place, scores, question);
        if (evidence !== undefined) return Promise.resolve(evidence);
      }
    }
    return Promise.resolve(undefined);
  },
};

function scoresOf({ scene, divergence }: Question): Tensor[] {
  const node = scene.reference?.graph.nodes.find((n) => n.id === divergence?.reference.node);
  if (node !== undefined)
    return node.inputs.flatMap((name) => {
      const value = scene.reference?.values.get(name);
      return value === undefined || value.dtype === 'string' || isInteger(value.dtype) ? [] : [value];
    });
  const answered = scene.lab.observed(scene.sample).reference;
  return [...(answered?.values() ?? [])].filter((t) => /float/.test(t.dtype));
}

function tied(place: Place, scores: Tensor, { scene }: Question): Evidence | undefined {
  const [mine, theirs] = [toFloat64(place.reference), toFloat64(place.candidate)];
  if (mine.length !== theirs.length) return undefined;
  const values = toFloat64(scores);
  const { rms } = spread(values);
  for (let axis = 0; axis < scores.shape.length; axis++) {
    const [outer, size, inner] = strides(scores.shape, axis);
    const picks = mine.length / (outer * inner);
    if (!Number.isInteger(picks) || picks > size) continue;
    if ([...mine, ...theirs].some((i) => i < 0 || i >= size)) continue;
    let [differ, equal] = [0, 0];
    for (let i = 0; i < mine.length; i++) {
      if (mine[i] === theirs[i]) continue;
      differ += 1;
      const o = Math.floor(i / (picks * inner));
      const at = (k: number): number => values[(o * size + k) * inner + (i % inner)] as number;
      const gap = Math.abs(at(mine[i] as number) - at(theirs[i] as number));
      if (gap <= Math.max(scene.tolerance, place.tolerance) * rms) equal += 1;
    }
    if (differ === 0 || equal < differ) continue;
    return {
      code: 'ties',
      where: place.where,
      args: { count: differ },
      experiment: `with the scores at both indices compared: all ${differ} that differ are ties`,
      before: place.before,
      after: 0,
      explained: 1,
    };
  }
  return undefined;
}
