import type { OpNode } from '../../records/graph.ts';
import { fedInputs } from './graph-index.ts';
import { kindOf } from './operators.ts';
import type { Side } from './side.ts';

/**
 * Pairs of what is left, in graph order: a node of the candidate is the counterpart of one of the reference when it is of
 * the same kind and reads the counterparts of the same tensors. `taken` are tensors of the candidate that have a place
 * already; several that fit are taken in graph order.
 */
export function byStructure(
  reference: Side,
  candidate: Side,
  /** Counterparts that are known so far, of a tensor of the reference. */
  known: (tensor: string) => readonly string[],
  taken: ReadonlySet<string>,
): Map<string, { candidate: string; alone: boolean }> {
  const found = new Map<string, { candidate: string; alone: boolean }>();
  const used = new Set(taken);
  const counterparts = (tensor: string) => {
    const made = found.get(tensor);
    return made === undefined ? known(tensor) : [made.candidate];
  };
  for (const node of reference.graph.nodes) {
    if (node.outputs.every((t) => t === '' || counterparts(t).length > 0)) continue;
    const fed = fedInputs(reference, node).map(counterparts);
    if (fed.length === 0 || fed.some((names) => names.length === 0)) continue;
    const fitting = readersOf(candidate, fed).filter(
      (other) => kindOf(other.op) === kindOf(node.op) && !other.outputs.some((t) => used.has(t)),
    );
    const [best] = fitting;
    if (best === undefined) continue;
    node.outputs.forEach((tensor, i) => {
      const other = best.outputs[i];
      if (tensor === '' || !other || counterparts(tensor).length > 0) return;
      found.set(tensor, { candidate: other, alone: fitting.length === 1 });
      used.add(other);
    });
  }
  return found;
}

/** Nodes that read one of the counterparts of each operand. */
function readersOf(candidate: Side, fed: readonly (readonly string[])[]): OpNode[] {
  const [first = [], ...others] = fed;
  const nodes = new Set(first.flatMap((name) => candidate.consumers.get(name) ?? []));
  return [...nodes].filter((node) => others.every((names) => names.some((name) => node.inputs.includes(name))));
}
