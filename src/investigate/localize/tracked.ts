import type { Divergence, TrackedNode } from '../../records/investigation.ts';
import { feedable, localErrors } from './local-error.ts';
import type { OpenScene } from './scene.ts';
import { statuses } from './status.ts';

/** Nodes that the picture around the divergences shows. */
const SHOWN = 60;

/**
 * Nodes of the reference around the divergences in its order of computation, with the error that has come together at each
 * and, where the candidate can be cut, the error made there.
 */
export async function trackedNodes(scene: OpenScene, divergences: readonly Divergence[]): Promise<TrackedNode[]> {
  const { nodes } = scene.reference.graph;
  const statusOf = statuses(scene);
  const centres = divergences.map((d) => scene.referenceSide.place.get(d.reference.node) ?? 0);
  const away = (i: number) => Math.min(...centres.map((centre) => Math.abs(centre - i)));
  const near = nodes
    .map((node, i) => ({ node, i, distance: away(i) }))
    .filter(({ node }) => node.outputs.some((t) => scene.referenceSide.value(t) !== undefined))
    .toSorted((a, b) => a.distance - b.distance)
    .slice(0, SHOWN)
    .toSorted((a, b) => a.i - b.i);
  const tracked = near.map(({ node }): TrackedNode => {
    const tensor = node.outputs.find((t) => scene.referenceSide.value(t) !== undefined) as string;
    const [match = null] = scene.alignment.ofReference(tensor);
    const status = statusOf(tensor);
    return {
      node: node.id,
      opType: node.op,
      tensor,
      match,
      local: null,
      accumulated: status.kind === 'unknown' ? null : status.error,
    };
  });
  const ends = new Map(
    tracked.flatMap(({ tensor, match }) => (match === null ? [] : [[tensor, match.candidate] as const])),
  );
  const local = await localErrors(scene, ends, feedable(scene, statusOf));
  return tracked.map((node) => ({ ...node, local: local.get(node.tensor) ?? null }));
}
