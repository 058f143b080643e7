import type { ModelEdit } from '../../records/edit.ts';
import type { Divergence } from '../../records/investigation.ts';
import { type Grid, wrongGrids } from '../grids.ts';
import { placeOf } from './divergence.ts';
import { patched } from './patch.ts';
import { type OpenScene, outputErrors } from './scene.ts';

/** Grids that are tried one by one at most. */
const TRIALS = 12;
/** Share of the outputs' error beyond what the best grids cost that a grid must answer for. */
const MATTERS = 0.3;
/** Share of the error that the best grids of all tensors must take away, for grids to be what is wrong. */
const AVOIDABLE = 0.4;
/** Divergences that are told where grids are wrong everywhere. */
const MOST = 3;

/**
 * Where a quantised candidate's grids cost more than their bits must. Every layer of it parts a little, so that the first
 * that does says nothing: what counts is the error of a grid beside that of the best one for the reference's values. Each
 * is put to the test by mending it; what is left with all mended is necessary and nobody's fault. Empty: the error is no
 * matter of grids.
 */
export async function coarseGrids(scene: OpenScene): Promise<Divergence[]> {
  const wrong = wrongGrids(scene);
  if (wrong.length === 0 || !scene.lab.canEdit(scene.candidate.specimen)) return [];
  const before = Math.max(...outputErrors(scene).map(({ error }) => error));
  const mendAll = edits(wrong);
  const all = await patched(scene, mendAll, 'with all grids as the values need them');
  const avoidable = before - (all?.after ?? before);
  if (!(avoidable >= AVOIDABLE * before)) return [];
  const found: [Grid, number][] = [];
  for (const grid of wrong.slice(0, TRIALS)) {
    const alone = await patched(scene, grid.mend, `${grid.tensor} on a grid as its values need it`);
    const share = alone === null ? 0 : (before - alone.after) / avoidable;
    found.push([grid, share]);
    if (share >= 1 - MATTERS) return [divergenceAt(scene, grid, share)];
  }
  const those = found.filter(([, share]) => share >= MATTERS).sort((a, b) => b[1] - a[1]);
  // Where none answers for much of it, all of them do together.
  return (those.length > 0 ? those : found).slice(0, MOST).map(([grid, share]) => divergenceAt(scene, grid, share));
}

const edits = (grids: readonly Grid[]): ModelEdit[] => grids.flatMap(({ mend }) => mend);

function divergenceAt(scene: OpenScene, { node, up, tensor }: Grid, share: number): Divergence {
  return {
    reference: placeOf(node, node.outputs[0] ?? ''),
    candidate: { tensor, node: up.id, opType: up.op },
    region: { reference: [node.id], candidate: [up.id] },
    local: null,
    accumulated: null,
    explained: Math.max(0, Math.min(1, share)),
    sample: scene.sample,
    precision: scene.precision,
  };
}
