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

/** Operators whose operands may change places. */
const COMMUTES = new Set(['add', 'mul', 'max', 'min', 'maximum', 'minimum', 'and', 'or', 'equal']);

/**
 * Pairs from behind: where two nodes of the same kind make paired tensors, what they read is paired as well. So a part that
 * the candidate computes otherwise stays between what agrees before it and what has a place behind it. All tensors that
 * readers of the candidate have in a tensor's place are given, readers that come last first.
 */
export function byStructureBackwards(
  reference: Side,
  candidate: Side,
  known: (tensor: string) => readonly string[],
): Map<string, string[]> {
  const found = new Map<string, string[]>();
  const place = (tensor: string) => {
    const [first] = known(tensor);
    // What is read in its place counts for more than where its values are.
    return found.get(tensor)?.[0] ?? first;
  };
  for (const node of reference.graph.nodes.toReversed()) {
    const output = node.outputs.find((t) => t !== '' && place(t) !== undefined);
    const made = output === undefined ? undefined : candidate.producer.get(place(output) as string);
    if (made === undefined || kindOf(made.op) !== kindOf(node.op)) continue;
    const [ours, theirs] = [fedInputs(reference, node), fedInputs(candidate, made)];
    if (ours.length !== theirs.length) continue;
    for (const [tensor, other] of operands(ours, theirs, kindOf(node.op), known)) {
      if (candidate.value(other) !== undefined) found.set(tensor, [...(found.get(tensor) ?? []), other]);
    }
  }
  return found;
}

/** Operands side by side; of operators that commute those with a known place are set apart first. */
function operands(
  ours: readonly string[],
  theirs: readonly string[],
  kind: string,
  known: (tensor: string) => readonly string[],
): [string, string][] {
  if (!COMMUTES.has(kind)) return ours.map((tensor, i) => [tensor, theirs[i] as string]);
  const left = [...theirs];
  const paired: [string, string][] = [];
  const open = ours.filter((tensor) => {
    const at = left.findIndex((other) => known(tensor).includes(other));
    if (at >= 0) paired.push([tensor, ...left.splice(at, 1)] as [string, string]);
    return at < 0;
  });
  return [...paired, ...open.map((tensor, i): [string, string] => [tensor, left[i] as string])];
}
