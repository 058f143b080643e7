import type { NodeProto } from '../onnx_pb.generated.ts';

/**
 * An id for each node of a graph: its name, else its first result. Names that several nodes have get the first result
 * behind them. The same file gives the same ids each time.
 */
export function nodeIds(nodes: readonly NodeProto[]): Map<NodeProto, string> {
  const named = new Map<string, number>();
  for (const { name } of nodes) if (name !== '') named.set(name, (named.get(name) ?? 0) + 1);
  const taken = new Set<string>();
  return new Map(
    nodes.map((node) => {
      const result = node.output.find((name) => name !== '') ?? node.opType;
      const own = node.name === '' ? result : named.get(node.name) === 1 ? node.name : `${node.name}:${result}`;
      const id = unused(own, taken);
      taken.add(id);
      return [node, id];
    }),
  );
}

/** `base`, or with `_2`, `_3`, … behind it where that is taken. */
export function unused(base: string, taken: { readonly has: (name: string) => boolean }): string {
  if (!taken.has(base)) return base;
  for (let i = 2; ; i++) if (!taken.has(`${base}_${i}`)) return `${base}_${i}`;
}
