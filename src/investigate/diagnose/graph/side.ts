import type { OpNode } from '../../../records/graph.ts';
import type { Tensor } from '../../../tensor/tensor.ts';
import type { View } from '../../scene.ts';

/** One side of a divergence: its graph with the look-ups that comparing needs. */
export interface Side {
  readonly view: View;
  readonly node: (id: string) => OpNode | undefined;
  /** The node that makes a tensor, and the place among its results. */
  readonly producer: (tensor: string) => { readonly node: OpNode; readonly output: number } | undefined;
  readonly readers: (tensor: string) => readonly OpNode[];
  /** Held by the model. */
  readonly isConstant: (tensor: string) => boolean;
  /** Held by the model, or computed from nothing but such tensors. */
  readonly isFixed: (tensor: string) => boolean;
  readonly value: (tensor: string) => Tensor | undefined;
  /** Whether a node belongs to what lies between the agreeing tensors and the first that parts. */
  readonly inRegion: (node: OpNode) => boolean;
}

export function sideOf(view: View, region: readonly string[]): Side {
  const { nodes, tensors } = view.graph;
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const made = new Map<string, { node: OpNode; output: number }>();
  const read = new Map<string, OpNode[]>();
  for (const node of nodes) {
    for (const [output, tensor] of node.outputs.entries()) if (tensor !== '') made.set(tensor, { node, output });
    for (const tensor of new Set(node.inputs)) read.set(tensor, [...(read.get(tensor) ?? []), node]);
  }
  const inside = new Set(region);
  const isConstant = (tensor: string): boolean => tensors[tensor]?.constant === true;
  const fixed = new Map<string, boolean>();
  const isFixed = (tensor: string): boolean => {
    if (tensor === '' || isConstant(tensor)) return true;
    const known = fixed.get(tensor);
    if (known !== undefined) return known;
    const maker = made.get(tensor)?.node;
    // A node without operands draws random numbers, or makes what cannot be told.
    fixed.set(tensor, false);
    const answer = maker !== undefined && maker.inputs.length > 0 && maker.inputs.every(isFixed);
    fixed.set(tensor, answer);
    return answer;
  };
  return {
    view,
    node: (id) => byId.get(id),
    producer: (tensor) => made.get(tensor),
    readers: (tensor) => read.get(tensor) ?? [],
    isConstant,
    isFixed,
    value: (tensor) => view.values.get(tensor),
    inRegion: (node) => inside.has(node.id),
  };
}
