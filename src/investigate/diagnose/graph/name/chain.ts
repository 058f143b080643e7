import type { OpNode } from '../../../../records/graph.ts';
import { toFloat64 } from '../../../../tensor/values.ts';
import type { Alignment } from '../../../scene.ts';
import { ACTIVATIONS, isElementwise, isReduction, MOVING } from '../operators.ts';
import type { Side } from '../side.ts';
import { between } from '../subtree.ts';
import { narrowed } from './casts.ts';
import type { Named, Proven } from './cause.ts';
import { changeOf } from './change.ts';
import { orderInWords, short } from './constant.ts';
import { isMaskValue } from './context.ts';
import { nameNode } from './node.ts';
import { nameActivationGrid } from './quantised-activation.ts';

/** Nodes that lie between two tensors on one side, where the other side has the two as one. */
export interface Chain {
  readonly side: Side;
  readonly nodes: readonly OpNode[];
  readonly start: string;
  readonly end: string;
  readonly what: 'added' | 'missing';
}

/** The nodes between, where the second tensor is made from the first; undefined: it is not. */
export function chainOf(
  side: Side,
  start: string,
  end: string,
  what: Chain['what'],
  alignment: Alignment,
): Chain | undefined {
  if (start === end || side.isFixed(end)) return undefined;
  const known = what === 'added' ? alignment.ofCandidate : alignment.ofReference;
  const found = between(side, end, (tensor) => tensor === start || known(tensor).length > 0);
  if (found === null || !found.leaves.includes(start) || found.nodes.length === 0) return undefined;
  return { side, nodes: found.nodes, start, end, what };
}

const BOOKKEEPING = new Set(['Shape', 'Size', 'Identity', 'Constant', 'ConstantOfShape']);

/** What several nodes do together that only one side has: by what became of the values first, then node by node. */
export function nameChain(chain: Chain, proven: Proven): Named {
  const { side, nodes, what, start } = chain;
  if (nodes.some((n) => /^(Random|Bernoulli|Multinomial|Dropout)/.test(n.op))) return { code: 'randomness' };
  const cast = narrowed(side, nodes);
  if (cast !== undefined) return cast;
  for (const node of nodes) {
    const grid = what === 'added' ? nameActivationGrid(node, proven) : undefined;
    if (grid !== undefined) return grid;
  }
  if (isMask(side, start) || isMask(side, chain.end)) return { code: 'mask-differs' };
  if (what === 'added' && mixesBatch(chain)) return { code: 'batch-mixed' };
  if (isVariant(chain)) return { code: 'activation-variant', args: { to: nodes.map((n) => n.op).join(' → ') } };
  const real = nodes.filter((n) => !BOOKKEEPING.has(n.op));
  const each = real.map((node) => nameNode(side, node, throughOf(side, node, start), what));
  const context = each.find(({ code }) => ['mask-differs', 'position-offset', 'randomness'].includes(code));
  if (context !== undefined) return context;
  const index = each.find(({ code, args }) => code === 'index-differs' && args?.feeds === true);
  if (index !== undefined) return index;
  if (each.length === 1) return each[0] as Named;
  const moved = byValues(chain);
  if (moved !== undefined) return moved;
  if (real.every((n) => MOVING.has(n.op) || n.op === 'Pad')) {
    const taken = real.some((n) => ['Slice', 'Gather', 'GatherElements', 'GatherND'].includes(n.op));
    return { code: taken ? 'index-differs' : 'layout-permuted' };
  }
  const [first] = each;
  if (first !== undefined && each.every(({ code }) => code === first.code)) return first;
  const operator = real
    .map((n) => n.op)
    .slice(0, 6)
    .join(' → ');
  return { code: `operator-${what}`, args: { operator } };
}

const isMask = (side: Side, tensor: string): boolean => {
  const value = side.value(tensor);
  return value !== undefined && isMaskValue(value);
};

/** What lies in the chain's way to its start. */
const throughOf = (side: Side, node: OpNode, start: string): number => {
  const direct = node.inputs.indexOf(start);
  return direct >= 0
    ? direct
    : Math.max(
        0,
        node.inputs.findIndex((t) => t !== '' && !side.isFixed(t)),
      );
};

/** The end as a function of the start, where the numbers show it. */
function byValues({ side, start, end, what }: Chain): Named | undefined {
  const ends = [side.value(start), side.value(end)] as const;
  const [from, to] = what === 'added' ? ends : [ends[1], ends[0]];
  if (from === undefined || to === undefined || from.dtype === 'string' || to.dtype === 'string') return undefined;
  const change = changeOf(from, to);
  switch (change.kind) {
    case 'permuted':
      return { code: 'layout-permuted', args: { permutation: change.permutation } };
    case 'rearranged':
      return { code: 'layout-permuted' };
    case 'order':
      return { code: 'channel-order', args: { axis: change.axis, order: orderInWords(change.order) } };
    case 'flipped':
      return { code: 'channel-order', args: { axis: change.axes.join(' and '), order: 'reversed' } };
    case 'affine':
      return { code: 'scaling-differs', args: { factor: short(change.factor), offset: short(change.offset) } };
    default:
      return undefined;
  }
}

/** A reduction or a choice of rows over the first axis, while each sample of the batch should stand for itself. */
function mixesBatch({ side, nodes, start }: Chain): boolean {
  const rows = side.value(start)?.shape[0];
  const batch = side.view.graph.inputs.map((name) => side.value(name)?.shape[0]);
  if (rows === undefined || rows < 2 || batch.some((n) => n !== rows)) return false;
  return nodes.some((node) => {
    const axes = axesOf(side, node);
    return (
      (isReduction(node.op) || node.op === 'Slice') &&
      axes.includes(0) &&
      side.value(node.inputs[0] ?? '')?.shape[0] === rows
    );
  });
}

function axesOf(side: Side, node: OpNode): readonly number[] {
  const operand = node.op === 'Slice' ? node.inputs[3] : /^Reduce/.test(node.op) ? node.inputs[1] : undefined;
  const value = operand === undefined || operand === '' ? undefined : side.value(operand);
  if (value !== undefined) return [...toFloat64(value)];
  const { axes, axis } = node.attributes;
  return Array.isArray(axes) ? axes.map(Number) : typeof axis === 'number' ? [axis] : [];
}

/** Element by element, from an activation's result and what it was given: another function of the same family. */
function isVariant({ side, nodes, start, end, what }: Chain): boolean {
  if (what !== 'added' || !nodes.every((n) => isElementwise(n.op))) return false;
  const maker = side.producer(start)?.node;
  if (maker === undefined || !ACTIVATIONS.has(maker.op)) return false;
  const read = new Set(nodes.flatMap((n) => n.inputs));
  return end !== start && maker.inputs.some((t) => t !== '' && !side.isFixed(t) && read.has(t));
}
