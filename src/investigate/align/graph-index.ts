import type { OpGraph, OpNode } from '../../records/graph.ts';

/** A graph with the questions answered that every look at it asks again: who makes a tensor, who reads it, what comes first. */
export interface GraphIndex {
  readonly graph: OpGraph;
  readonly producer: ReadonlyMap<string, OpNode>;
  readonly consumers: ReadonlyMap<string, readonly OpNode[]>;
  /** Place of a node, by id, in the order of computation. */
  readonly place: ReadonlyMap<string, number>;
  /** Weights and tables, and whatever is computed from them alone. */
  readonly fixed: ReadonlySet<string>;
}

export function indexGraph(graph: OpGraph): GraphIndex {
  const producer = new Map<string, OpNode>();
  const consumers = new Map<string, OpNode[]>();
  const place = new Map<string, number>();
  const fixed = new Set(Object.keys(graph.tensors).filter((name) => graph.tensors[name]?.constant === true));
  graph.nodes.forEach((node, i) => {
    place.set(node.id, i);
    for (const name of node.outputs) if (name !== '') producer.set(name, node);
    for (const name of new Set(node.inputs)) {
      if (name === '') continue;
      const readers = consumers.get(name);
      if (readers === undefined) consumers.set(name, [node]);
      else readers.push(node);
    }
    const fed = node.inputs.filter((name) => name !== '');
    if (fed.length > 0 && fed.every((name) => fixed.has(name))) for (const name of node.outputs) fixed.add(name);
  });
  return { graph, producer, consumers, place, fixed };
}

/** Operands of a node that depend on the sample. */
export const fedInputs = ({ fixed }: GraphIndex, node: OpNode): string[] =>
  node.inputs.filter((name) => name !== '' && !fixed.has(name));
