import type { AttributeValue, OpGraph, OpNode } from '../../../records/graph.ts';
import { elementCount, type NamedTensors, type Tensor } from '../../../tensor/tensor.ts';
import { toFloat64 } from '../../../tensor/values.ts';
import { pairNodes } from './pair-nodes.ts';

/** What became of a constant. Largest |difference| and how many elements differ; null where they cannot be compared. */
export interface ConstantChange {
  readonly name: string;
  readonly before: string | null;
  readonly after: string | null;
  readonly maxAbs: number | null;
  readonly changed: number | null;
}

export interface NodeChange {
  readonly id: string;
  readonly before: OpNode | null;
  readonly after: OpNode | null;
  /** Attributes that differ: [before, after]; undefined: it is not set. */
  readonly attributes: readonly {
    readonly name: string;
    readonly before?: AttributeValue;
    readonly after?: AttributeValue;
  }[];
  /** Operands that are other tensors now, by their place; '' where there is none. */
  readonly operands: readonly { readonly index: number; readonly before: string; readonly after: string }[];
}

/** How one graph became another. */
export interface GraphDiff {
  /** In the order of the second graph, what is gone where it stood. */
  readonly nodes: readonly NodeChange[];
  readonly constants: readonly ConstantChange[];
}

/**
 * What differs between two versions of one model. Nodes are paired by id, by their results, and by what they compute from
 * paired operands; a tensor that only has another name is no change.
 */
export function graphDiff(a: OpGraph, constantsA: NamedTensors, b: OpGraph, constantsB: NamedTensors): GraphDiff {
  const pairs = pairNodes(a, b);
  const nameInB = new Map<string, string>();
  for (const [before, after] of pairs) {
    for (const [i, name] of before.outputs.entries()) nameInB.set(name, after.outputs[i] ?? name);
  }
  const partner = new Map([...pairs].map(([before, after]) => [after, before]));
  const changes: NodeChange[] = [];
  const gone = a.nodes.filter((node) => !pairs.has(node));
  const removedBefore = (node: OpNode): void => {
    const at = a.nodes.indexOf(node);
    while (gone[0] !== undefined && a.nodes.indexOf(gone[0]) < at) changes.push(whole(gone.shift() as OpNode, null));
  };
  for (const after of b.nodes) {
    const before = partner.get(after);
    if (before === undefined) changes.push(whole(null, after));
    else {
      removedBefore(before);
      changes.push(...changeOf(before, after, nameInB));
    }
  }
  changes.push(...gone.map((node) => whole(node, null)));
  return { nodes: changes, constants: constantChanges(constantsA, constantsB) };
}

const whole = (before: OpNode | null, after: OpNode | null): NodeChange => ({
  id: (after ?? before)?.id ?? '',
  before,
  after,
  attributes: [],
  operands: [],
});

function changeOf(before: OpNode, after: OpNode, nameInB: ReadonlyMap<string, string>): NodeChange[] {
  const names = new Set([...Object.keys(before.attributes), ...Object.keys(after.attributes)]);
  const attributes = [...names].flatMap((name) => {
    const [old, now] = [before.attributes[name], after.attributes[name]];
    if (JSON.stringify(old) === JSON.stringify(now)) return [];
    return [{ name, ...(old === undefined ? {} : { before: old }), ...(now === undefined ? {} : { after: now }) }];
  });
  const count = Math.max(before.inputs.length, after.inputs.length);
  const operands = Array.from({ length: count }, (_, index) => ({
    index,
    before: before.inputs[index] ?? '',
    after: after.inputs[index] ?? '',
  })).filter(({ before: old, after: now }) => (nameInB.get(old) ?? old) !== now);
  if (attributes.length === 0 && operands.length === 0 && before.op === after.op) return [];
  return [{ id: after.id, before, after, attributes, operands }];
}

function constantChanges(a: NamedTensors, b: NamedTensors): ConstantChange[] {
  const changes: ConstantChange[] = [];
  for (const name of new Set([...a.keys(), ...b.keys()])) {
    const [before, after] = [a.get(name), b.get(name)];
    const difference = before === undefined || after === undefined ? null : differenceOf(before, after);
    if (difference?.changed === 0) continue;
    const text = (tensor: Tensor | undefined): string | null =>
      tensor === undefined ? null : `${tensor.dtype}[${tensor.shape.join(', ')}]`;
    const { maxAbs = null, changed = null } = difference ?? {};
    changes.push({ name, before: text(before), after: text(after), maxAbs, changed });
  }
  return changes;
}

/** Null where they cannot be compared element by element. */
function differenceOf(before: Tensor, after: Tensor): { maxAbs: number | null; changed: number } | null {
  const same = before.dtype === after.dtype && JSON.stringify(before.shape) === JSON.stringify(after.shape);
  if (before.dtype === 'string' || after.dtype === 'string')
    return same && JSON.stringify(before.strings) === JSON.stringify(after.strings)
      ? { maxAbs: null, changed: 0 }
      : null;
  const [x, y] = [before.data, after.data];
  if (same && Buffer.compare(x, y) === 0) return { maxAbs: 0, changed: 0 };
  if (!same || elementCount(before.shape) === 0) return null;
  const [old, now] = [toFloat64({ ...before, data: x }), toFloat64({ ...after, data: y })];
  let maxAbs = 0;
  let changed = 0;
  for (let i = 0; i < old.length; i++) {
    const [p, q] = [old[i] as number, now[i] as number];
    if (Object.is(p, q)) continue;
    changed++;
    const distance = Math.abs(p - q);
    if (distance > maxAbs) maxAbs = distance;
  }
  return { maxAbs, changed: Math.max(changed, 1) };
}
