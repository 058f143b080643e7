import type { NodeProto } from '../onnx_pb.generated.ts';
import { readsOf } from './captures.ts';

/**
 * Nodes in an order in which they can be computed: the file's own wherever it is one, as the specification demands. Nodes in
 * a circle come last, as they stood; `circular` tells them.
 */
export const inOrder = (nodes: readonly NodeProto[]): NodeProto[] => ordered(nodes).order;

export function ordered(nodes: readonly NodeProto[]): { readonly order: NodeProto[]; readonly circular: NodeProto[] } {
  const maker = new Map(nodes.flatMap((node) => node.output.map((name): [string, NodeProto] => [name, node])));
  const state = new Map<NodeProto, 'open' | 'done'>();
  const order: NodeProto[] = [];
  const circular: NodeProto[] = [];
  for (const start of nodes) {
    // A stack of our own: graphs are thousands of nodes deep.
    const stack: { readonly node: NodeProto; readonly left: NodeProto[] }[] = [];
    const enter = (node: NodeProto): void => {
      if (state.has(node)) {
        if (state.get(node) === 'open') circular.push(node);
        return;
      }
      state.set(node, 'open');
      const left = readsOf(node).flatMap((name) => maker.get(name) ?? []);
      stack.push({ node, left: left.reverse() });
    };
    enter(start);
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const next = top.left.pop();
      if (next !== undefined) enter(next);
      else {
        state.set(top.node, 'done');
        order.push(top.node);
        stack.pop();
      }
    }
  }
  return { order, circular };
}
