import type { Side } from './side.ts';

/**
 * Tensors of one name on both sides, and outputs of nodes of one name and operator. A name is a hint: numbers in generated
 * names shift when a converter fuses, so `trusted` tells which hints still stand once values are known.
 */
export function byName(reference: Side, candidate: Side): Map<string, string> {
  const found = new Map<string, string>();
  const nodes = new Map(candidate.graph.nodes.map((node) => [node.id, node]));
  for (const name of reference.flowing) {
    if (candidate.value(name) !== undefined && candidate.graph.tensors[name]?.constant !== true) {
      found.set(name, name);
      continue;
    }
    const made = reference.producer.get(name);
    const other = made === undefined ? undefined : nodes.get(made.id);
    const output = other?.op === made?.op ? other?.outputs[made?.outputs.indexOf(name) ?? 0] : undefined;
    if (output !== undefined && output !== '') found.set(name, output);
  }
  return found;
}
