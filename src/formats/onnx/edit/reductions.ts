import type { ModelEdit } from '../../../records/edit.ts';
import type { OpGraph } from '../../../records/graph.ts';

/** A way to make a model smaller, for delta debugging. `removes`: nodes that it takes away at least. */
export interface Reduction {
  readonly edit: Extract<ModelEdit, { readonly edit: 'bypass' }>;
  readonly removes: readonly string[];
}

/**
 * Nodes that can be left out one by one or together: their first result has the element type and the sizes of one of their
 * operands, as far as the graph tells, and no other result of theirs is read. Last ones first.
 */
export function removableNodes(graph: OpGraph): Reduction[] {
  const read = new Set([...graph.nodes.flatMap(({ inputs }) => inputs), ...graph.outputs]);
  return graph.nodes.toReversed().flatMap(({ id, inputs, outputs }): Reduction[] => {
    const [result = '', ...others] = outputs;
    if (result === '' || others.some((name) => read.has(name))) return [];
    const index = inputs.findIndex((name) => name !== '' && alike(graph, name, result));
    return index < 0 ? [] : [{ edit: { edit: 'bypass', node: id, index }, removes: [id] }];
  });
}

function alike({ tensors }: OpGraph, a: string, b: string): boolean {
  const [x, y] = [tensors[a], tensors[b]];
  if (x === undefined || y === undefined || x.constant === true || x.dtype === null || x.dtype !== y.dtype)
    return false;
  return x.shape !== null && y.shape !== null && JSON.stringify(x.shape) === JSON.stringify(y.shape);
}

/** Where a model can be cut short: tensors that can be an input or output instead, with how many nodes are behind or before it. */
export interface CutPoint {
  readonly tensor: string;
  /** Nodes that the tensor hangs on: they go when it becomes an input (`cutOut`) or a constant (`fix`). */
  readonly before: number;
  /** Nodes that hang on it: they go when it becomes the only output. */
  readonly behind: number;
}

/** Tensors between the nodes, in graph order. Element types that are not known cannot be declared, and are left out. */
export function cutPoints(graph: OpGraph): CutPoint[] {
  const { nodes, tensors } = graph;
  const maker = new Map(nodes.flatMap((node, i) => node.outputs.map((name) => [name, i] as const)));
  // A set of node numbers as bits: thousands of nodes squared are a few megabytes.
  const before = nodes.map((node, i) => {
    const bits = new Uint32Array((nodes.length + 31) >> 5);
    set(bits, i);
    return { node, bits };
  });
  for (const { node, bits } of before) {
    for (const name of node.inputs) {
      const made = maker.get(name);
      if (made !== undefined)
        (before[made] as (typeof before)[number]).bits.forEach((word, w) => {
          bits[w] = (bits[w] as number) | word;
        });
    }
  }
  return nodes.flatMap(({ outputs }, i) => {
    const behind = before.filter(({ bits }) => has(bits, i)).length - 1;
    return outputs.flatMap((tensor): CutPoint[] => {
      const known = tensors[tensor];
      if (tensor === '' || known?.tappable !== true || known.dtype === null) return [];
      return [{ tensor, before: count((before[i] as (typeof before)[number]).bits), behind }];
    });
  });
}

const set = (bits: Uint32Array, i: number): void => {
  bits[i >> 5] = (bits[i >> 5] as number) | (1 << (i & 31));
};
const has = (bits: Uint32Array, i: number): boolean => ((bits[i >> 5] as number) & (1 << (i & 31))) !== 0;
const count = (bits: Uint32Array): number => {
  let n = 0;
  for (let word of bits) for (; word !== 0; word &= word - 1) n++;
  return n;
};

/**
 * Smaller sizes for the open dimensions of a model's inputs: 1 for all of them, then for each alone 1, 2, 4, … below what it was
 * seen with. A dimension with a name has one size wherever it stands. `seen`: sizes of the failing sample by input.
 */
export function smallerSizes(
  { inputs, tensors }: OpGraph,
  seen: Readonly<Record<string, readonly number[]>>,
): Readonly<Record<string, readonly number[]>>[] {
  const open = new Map<string, number>();
  for (const input of inputs) {
    for (const [axis, size] of (tensors[input]?.shape ?? []).entries()) {
      const now = seen[input]?.[axis];
      if (typeof size !== 'number' && now !== undefined && now > 1) open.set(size ?? `${input}\0${axis}`, now);
    }
  }
  const tried: Readonly<Record<string, readonly number[]>>[] = [];
  const withSizes = (sizes: ReadonlyMap<string, number>) =>
    Object.fromEntries(
      inputs.map((input) => [
        input,
        (seen[input] ?? []).map((now, axis) => {
          const declared = tensors[input]?.shape?.[axis];
          return typeof declared === 'number' ? now : (sizes.get(declared ?? `${input}\0${axis}`) ?? now);
        }),
      ]),
    );
  if (open.size > 1) tried.push(withSizes(new Map([...open.keys()].map((name) => [name, 1]))));
  for (const [name, now] of open)
    for (let size = 1; size < now; size *= 2) tried.push(withSizes(new Map([[name, size]])));
  return tried;
}
