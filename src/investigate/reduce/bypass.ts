import { removableNodes } from '../../formats/onnx/edit/reductions.ts';
import type { Lab } from '../lab.ts';
import { minimal } from '../minimal.ts';
import { isSame, type PieceFailure } from './failure.ts';
import type { Piece } from './piece.ts';

/**
 * Leaves out nodes whose result looks like one of their operands, as long as the failure stays. Only where the model itself
 * tells what should come out: a reference's part would have to lose the same nodes.
 */
export async function withoutIdleNodes(
  lab: Lab,
  piece: Piece,
  run: (piece: Piece) => Promise<Piece | null>,
  failure: PieceFailure,
): Promise<Piece | null> {
  const graph = await lab.graph(piece.specimen);
  const removable = graph.ok ? removableNodes(graph.value) : [];
  if (removable.length === 0) return null;
  let best: Piece | null = null;
  const still = async (kept: readonly (typeof removable)[number][]): Promise<number> => {
    const gone = removable.filter((each) => !kept.includes(each)).map(({ edit }) => edit);
    if (gone.length === 0) return 0;
    try {
      const specimen = await lab.edit(piece.specimen, gone, `without ${gone.length} nodes`);
      const now = await run({ ...piece, specimen });
      if (!isSame(failure, now?.failure ?? null)) return 0;
      best = now;
      return 1;
    } catch (error) {
      if ((error as { code?: unknown }).code === 'edit-impossible') return 0;
      throw error;
    }
  };
  if ((await still([])) === 0) await minimal(removable, still, 1);
  return best;
}
