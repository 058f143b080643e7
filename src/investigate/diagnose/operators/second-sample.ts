import type { NamedTensors } from '../../../tensor/tensor.ts';
import { errorOf } from '../../experiment.ts';
import { explainedShare } from '../../measure.ts';
import type { Question } from '../../scene.ts';
import { bestOf, type Tried } from './choose.ts';

/** Rounding of float32 outputs, relative: deployed models are compared here, whatever the precision of the scene. */
const DEPLOYED_ROUNDING = 1e-5;

/**
 * Causes that explain one sample equally well (a symmetric picture, no negative numbers), on another sample that failed: the
 * whole candidate with each edit, against what the reference answered. Those that are best there, too.
 */
export async function onAnotherSample(
  { scene: { lab, sample, tolerance } }: Question,
  rivals: readonly Tried[],
): Promise<Tried[]> {
  const other = lab.facts.samples.find((s) => s.failed && s.id !== sample && s.group === null);
  const { candidate } = lab;
  if (other === undefined || candidate === null) return [...rivals];
  const answers = lab.observed(other.id).reference;
  if (answers === null) return [...rivals];
  const expected: NamedTensors = new Map(
    lab.facts.outputs.flatMap((o) => {
      const value = answers.get(o.reference);
      return value === undefined || !o.failed ? [] : [[o.candidate, value] as const];
    }),
  );
  if (expected.size === 0) return [...rivals];
  const how = { sample: other.id };
  const before = errorOf(await lab.run(candidate, how), expected);
  const rounding = Math.max(tolerance, DEPLOYED_ROUNDING);
  const again: Tried[] = [];
  for (const { alternative } of rivals) {
    const edited = await lab.edit(candidate, alternative.edits, alternative.experiment);
    const after = errorOf(await lab.run(edited, how), expected);
    again.push({ alternative, outcome: { before, after, explained: explainedShare(before, after, rounding) } });
  }
  const kept = new Set(bestOf(again, rounding).map(({ alternative }) => alternative));
  return rivals.filter(({ alternative }) => kept.has(alternative));
}
