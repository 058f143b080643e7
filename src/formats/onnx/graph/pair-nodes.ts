import type { OpGraph, OpNode } from '../../../records/graph.ts';

/** Nodes of two versions of one model that are the same one: by id, by a result's name, by the same operator on paired operands. */
export function pairNodes(a: OpGraph, b: OpGraph): Map<OpNode, OpNode> {
  const pairs = new Map<OpNode, OpNode>();
  const taken = new Set<OpNode>();
  const pair = (before: OpNode, after: OpNode | undefined): void => {
    if (after === undefined || taken.has(after) || pairs.has(before)) return;
    pairs.set(before, after);
    taken.add(after);
  };
  const byId = new Map(b.nodes.map((node) => [node.id, node]));
  for (const node of a.nodes) pair(node, byId.get(node.id));
  const makerIn = new Map(b.nodes.flatMap((node) => node.outputs.map((name) => [name, node] as const)));
  for (const node of a.nodes) {
    const maker = node.outputs.map((name) => makerIn.get(name)).find((found) => found?.op === node.op);
    pair(node, maker);
  }
  // Names on both sides: what paired nodes make is the same, and so is what has the same name and no node makes.
  const names = new Map<string, string>();
  const note = (before: OpNode): void => {
    const after = pairs.get(before);
    for (const [i, name] of before.outputs.entries())
      if (after?.outputs[i] !== undefined) names.set(name, after.outputs[i]);
  };
  const keyOf = (op: string, inputs: readonly string[]): string => JSON.stringify([op, inputs]);
  const free = new Map<string, OpNode[]>();
  for (const node of b.nodes) {
    if (taken.has(node)) continue;
    const key = keyOf(node.op, node.inputs);
    free.set(key, [...(free.get(key) ?? []), node]);
  }
  for (const node of a.nodes) {
    if (!pairs.has(node)) {
      const inputs = node.inputs.map((name) => names.get(name) ?? name);
      pair(node, free.get(keyOf(node.op, inputs))?.shift());
    }
    note(node);
  }
  return pairs;
}
