import type { GraphProto, NodeProto } from '../onnx_pb.generated.ts';

/** The subgraphs of a node. */
export const subgraphsOf = (node: NodeProto): GraphProto[] =>
  node.attribute.flatMap(({ g, graphs }) => (g === undefined ? graphs : [g, ...graphs]));

/** Tensors that the subgraphs of a node take from outside, each once, in the order in which they are met. */
export function capturesOf(node: NodeProto): string[] {
  const found = new Set<string>();
  for (const graph of subgraphsOf(node)) for (const name of freeIn(graph)) found.add(name);
  return [...found];
}

function freeIn(graph: GraphProto): Set<string> {
  const own = new Set([
    ...graph.input.map(({ name }) => name),
    ...graph.initializer.map(({ name }) => name),
    ...graph.sparseInitializer.map(({ values }) => values?.name ?? ''),
    ...graph.node.flatMap(({ output }) => output),
  ]);
  const free = new Set<string>();
  const take = (name: string): void => {
    if (name !== '' && !own.has(name)) free.add(name);
  };
  for (const node of graph.node) {
    node.input.forEach(take);
    capturesOf(node).forEach(take);
  }
  for (const { name } of graph.output) take(name);
  return free;
}

/** Every tensor that a node reads: operands, and what its subgraphs capture. */
export const readsOf = (node: NodeProto): string[] => [
  ...node.input.filter((name) => name !== ''),
  ...capturesOf(node),
];

/** Makes a node, and its subgraphs, read other tensors; names that a subgraph defines itself stay. */
export function renameReads(node: NodeProto, to: (name: string) => string): void {
  node.input = node.input.map((name) => (name === '' ? name : to(name)));
  for (const graph of subgraphsOf(node)) {
    const free = freeIn(graph);
    const inner = (name: string): string => (free.has(name) ? to(name) : name);
    for (const each of graph.node) renameReads(each, inner);
    for (const output of graph.output) output.name = inner(output.name);
  }
}
