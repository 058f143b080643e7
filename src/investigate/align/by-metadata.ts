import type { OpNode } from '../../records/graph.ts';
import { kindOf } from './operators.ts';
import type { Side } from './side.ts';

/**
 * Pairs by what the exporter noted: nodes of the candidate name, in `origins`, the node of the reference that they were made
 * from. One node often becomes several; its result is then what leaves the group last.
 */
export function byMetadata(reference: Side, candidate: Side): Map<string, string> {
  const known = new Map<string, OpNode>();
  for (const node of reference.graph.nodes)
    for (const name of [node.id, ...node.origins].reverse()) known.set(name, node);
  const groups = new Map<OpNode, OpNode[]>();
  for (const node of candidate.graph.nodes) {
    const origin = node.origins.map((name) => known.get(name)).find((found) => found !== undefined);
    if (origin !== undefined) groups.set(origin, [...(groups.get(origin) ?? []), node]);
  }
  const found = new Map<string, string>();
  for (const [node, made] of groups) {
    const inside = new Set(made);
    const leaving = made.filter((n) =>
      n.outputs.some(
        (t) =>
          candidate.graph.outputs.includes(t) ||
          (candidate.consumers.get(t) ?? []).some((reader) => !inside.has(reader)),
      ),
    );
    const last = leaving.findLast((n) => kindOf(n.op) === kindOf(node.op) && n.outputs.length >= node.outputs.length);
    const best = leaving.length > 1 && node.outputs.length > 1 ? last : leaving.at(-1);
    node.outputs.forEach((tensor, i) => {
      const other = best?.outputs[i];
      if (other !== undefined && reference.value(tensor) !== undefined && candidate.value(other) !== undefined)
        found.set(tensor, other);
    });
  }
  return found;
}
