import type { OpNode } from '../../../records/graph.ts';
import type { Side } from './side.ts';

/** More nodes than this are no piece any more, but a model. */
const MOST_NODES = 64;

/**
 * The nodes that make a tensor, back to tensors that both sides have (`isLeaf`), constants and inputs; in graph order.
 * Null: an input of the model is reached that the other side does not have, or there are too many.
 */
export function between(
  side: Side,
  tensor: string,
  isLeaf: (tensor: string) => boolean,
): { readonly nodes: readonly OpNode[]; readonly leaves: readonly string[] } | null {
  const nodes = new Set<OpNode>();
  const leaves = new Set<string>();
  const open = [tensor];
  while (open.length > 0) {
    const next = open.pop() as string;
    if (next === '' || side.isConstant(next) || leaves.has(next)) continue;
    if (next !== tensor && isLeaf(next)) {
      leaves.add(next);
      continue;
    }
    const node = side.producer(next)?.node;
    if (node === undefined) return null;
    if (nodes.has(node)) continue;
    nodes.add(node);
    if (nodes.size > MOST_NODES) return null;
    open.push(...node.inputs);
  }
  const order = new Map(side.view.graph.nodes.map((node, i) => [node.id, i]));
  const sorted = [...nodes].sort((a, b) => (order.get(a.id) ?? 0) - (order.get(b.id) ?? 0));
  return { nodes: sorted, leaves: [...leaves] };
}
