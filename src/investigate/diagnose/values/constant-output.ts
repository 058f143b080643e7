import { toFloat64 } from '../../../tensor/values.ts';
import { distance, wrongness } from '../../measure.ts';
import type { Evidence, Hypothesis } from '../../scene.ts';
import { outputPlaces, type Pair, type Place } from './places.ts';

/** The candidate gives one answer to all samples where the reference gives others. */
export const constantOutput: Hypothesis = {
  name: 'constant-output',
  codes: ['constant-output'],
  applies: ({ scene: { lab, sample }, divergence }) => {
    const { reference, candidate } = lab.observed(sample);
    return divergence === null && reference !== null && candidate !== null && lab.facts.samples.length > 1;
  },
  async test(question) {
    for (const place of outputPlaces(question)) {
      const evidence = await still(place);
      if (evidence !== undefined) return evidence;
    }
    return undefined;
  },
};

/** How far a sample's answers of one side lie from this sample's; of the first rows, where batches are of other sizes. */
function moves(here: Pair, there: Pair, side: keyof Pair): number {
  const [a, b] = [here[side], there[side]];
  if (a.shape.slice(1).join() !== b.shape.slice(1).join() || a.shape.length === 0) return Number.NaN;
  const rows = Math.min(a.shape[0] as number, b.shape[0] as number);
  const first = (t: Pair['reference']) => {
    const values = toFloat64(t).slice(0, (toFloat64(t).length / (t.shape[0] as number)) * rows);
    const data = new Uint8Array(values.buffer as ArrayBuffer);
    return { dtype: 'float64' as const, shape: [rows, ...t.shape.slice(1)], data };
  };
  return wrongness(distance(first(a), first(b)));
}

async function still(place: Place): Promise<Evidence | undefined> {
  const others = await place.others();
  const moved = others
    .map((other) => ({ mine: moves(place, other, 'reference'), theirs: moves(place, other, 'candidate') }))
    .filter(({ mine }) => mine > 10 * place.tolerance);
  if (moved.length === 0 || moved.some(({ theirs }) => theirs !== 0)) return undefined;
  const before = Math.max(...moved.map(({ mine }) => mine));
  return {
    code: 'constant-output',
    where: place.where,
    args: { samples: moved.length + 1 },
    experiment: `with ${moved.length + 1} samples, to which the reference gives other answers`,
    before,
    after: 0,
    explained: 1,
  };
}
