import type { OpNode } from '../../records/graph.ts';
import type { Side } from '../align/side.ts';
import type { StatusOf } from './status.ts';

/** A node where agreement ends. */
export interface Frontier {
  readonly node: OpNode;
  /** Its first result that differs. */
  readonly tensor: string;
  /** Nodes before it that have no counterpart, back to the last tensors that agree; the node itself last. */
  readonly region: readonly OpNode[];
}

/**
 * The earliest nodes whose result differs although everything before them agrees or has no counterpart. Only what reaches
 * one of `outputs` through tensors that do not agree counts: a tensor that a converter computes otherwise on the way to
 * agreeing ones is no fault. `cleared` tensors count as agreeing.
 */
export function frontierOf(
  reference: Side,
  statusOf: StatusOf,
  outputs: readonly string[],
  cleared: ReadonlySet<string> = new Set(),
): Frontier[] {
  const agrees = (tensor: string) => cleared.has(tensor) || statusOf(tensor).kind === 'agrees';
  const wrong = reaching(reference, outputs, agrees);
  const behind = new Set<string>();
  const found: Frontier[] = [];
  for (const node of reference.graph.nodes) {
    const made = node.outputs.filter((t) => wrong.has(t));
    if (made.length === 0) continue;
    if (node.inputs.some((t) => behind.has(t))) {
      for (const t of node.outputs) behind.add(t);
      continue;
    }
    const tensor = made.find((t) => statusOf(t).kind === 'differs');
    if (tensor === undefined) continue;
    for (const t of node.outputs) behind.add(t);
    found.push({ node, tensor, region: regionOf(reference, node, wrong) });
  }
  return found;
}

/** Tensors that do not agree and lead to an output through others that do not. */
function reaching(reference: Side, outputs: readonly string[], agrees: (tensor: string) => boolean): Set<string> {
  const wrong = new Set<string>();
  const open = outputs.filter((tensor) => !agrees(tensor));
  for (let tensor = open.pop(); tensor !== undefined; tensor = open.pop()) {
    if (wrong.has(tensor)) continue;
    const node = reference.producer.get(tensor);
    if (node === undefined) continue;
    wrong.add(tensor);
    for (const input of node.inputs) if (input !== '' && !agrees(input)) open.push(input);
  }
  return wrong;
}

function regionOf(reference: Side, node: OpNode, wrong: ReadonlySet<string>): OpNode[] {
  const inside = new Set<OpNode>([node]);
  for (const each of inside) {
    for (const input of each.inputs) {
      const before = wrong.has(input) ? reference.producer.get(input) : undefined;
      if (before !== undefined) inside.add(before);
    }
  }
  return reference.graph.nodes.filter((each) => inside.has(each));
}
