import type { ModelEdit } from '../../records/edit.ts';
import type { Specimen } from '../lab.ts';
import { distance, explainedShare, wrongness } from '../measure.ts';
import type { Frontier } from './frontier.ts';
import { declaredAs } from './laid-out.ts';
import { type OpenScene, outputErrors } from './scene.ts';

/** The edit that gives the candidate's tensor the value of the reference's. */
export function fixOf(scene: OpenScene, { tensor }: Pick<Frontier, 'tensor'>): ModelEdit | undefined {
  const place = scene.alignment.counterpart(tensor)?.candidate;
  if (place === undefined) return undefined;
  const value = declaredAs(scene, tensor, place);
  return value === undefined ? undefined : { edit: 'fix', tensor: place, value };
}

export interface Patched {
  readonly specimen: Specimen;
  readonly after: number;
  readonly explained: number;
}

/** Runs the candidate with tensors fixed. Null: the edit does not apply, or the side cannot be edited. */
export async function patched(scene: OpenScene, fixes: readonly ModelEdit[], label: string): Promise<Patched | null> {
  const { lab, candidate, how } = scene;
  if (fixes.length === 0 || !lab.canEdit(candidate.specimen)) return null;
  try {
    const specimen = await lab.edit(candidate.specimen, fixes, label);
    const ran = await lab.run(specimen, { ...how, label });
    const before = outputErrors(scene);
    const fixed = new Map(fixes.map((f) => (f.edit === 'fix' ? [f.tensor, f.value] : ['', undefined])));
    const each = before.map(({ tensor, candidate: output }) => {
      const expected = scene.reference.values.get(tensor);
      // Where the output itself is fixed there is nothing left to compare.
      const got = fixed.get(output) ?? (ran.ok ? ran.outputs.get(output) : undefined);
      return expected === undefined || got === undefined
        ? Number.POSITIVE_INFINITY
        : wrongness(distance(expected, got));
    });
    const worst = Math.max(...before.map(({ error }) => error));
    const after = Math.max(...each);
    return {
      specimen,
      after,
      explained: explainedShare(worst, after, Math.max(...before.map((b) => scene.toleranceOf(b.tensor)))),
    };
  } catch (error) {
    if ((error as { code?: unknown }).code === 'edit-impossible') return null;
    throw error;
  }
}
