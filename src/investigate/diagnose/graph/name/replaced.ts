import type { OpNode } from '../../../../records/graph.ts';
import type { Difference } from '../difference.ts';
import { ACTIVATIONS, isElementwise, isReduction, MOVING, NORMALISATIONS } from '../operators.ts';
import type { Side } from '../side.ts';
import { dtypeOf, largestOf, narrowed } from './casts.ts';
import type { Named, Proven } from './cause.ts';
import { nameChain } from './chain.ts';
import { isMaskValue } from './context.ts';
import { softmaxAxes } from './softmax-axes.ts';

type Replaced = Extract<Difference, { kind: 'replaced' }>;

/** Compute sizes and positions, not values. */
const BOOKKEEPING = new Set(['Shape', 'Size', 'Constant', 'ConstantOfShape', 'Range']);

/**
 * Other nodes between the same tensors. That the reference's in their place mend the candidate says where, not why: the
 * name follows from what kinds of nodes stand there, and undefined is an answer.
 */
export function nameReplaced(difference: Replaced, proven: Proven): Named | undefined {
  const { reference: before, candidate: after } = difference;
  const { sides } = proven;
  const values = { from: opsOf(before), to: opsOf(after) };
  const cast = narrowed(sides.candidate, after);
  if (cast !== undefined && narrowed(sides.reference, before) === undefined) return cast;
  const left = after.filter((n) => n.op !== 'Identity' && !BOOKKEEPING.has(n.op));
  const [start] = Object.entries(difference.leaves).find(([, there]) => hangsOn(sides.candidate, after, there)) ?? [];
  if (left.length === 0 && start !== undefined) {
    const chain = { side: sides.reference, nodes: before, start, end: difference.tensors.reference };
    return nameChain({ ...chain, what: 'missing' }, proven);
  }
  const main = mainOf(before);
  if (main === undefined) return undefined;
  // The same nodes once more: what differs lies in front of them.
  if (before.length === after.length && before.every((n, i) => n.op === after[i]?.op)) return undefined;
  if (isWhole(sides.reference, difference.tensors.reference) && ['Div', 'Mod', 'BitShift'].includes(main.op)) {
    const largest = Math.max(...main.inputs.map((t) => largestOf(sides.reference, t)));
    const through = sides.candidate.producer(difference.tensors.candidate)?.node;
    const floats = [...after, ...(through === undefined ? [] : [through])].some((n) =>
      n.inputs.some((t) => dtypeOf(sides.candidate, t) === 'float32'),
    );
    return floats && largest > 2 ** 24
      ? { code: 'dtype-narrowed', args: { dtype: 'float32' } }
      : { code: 'integer-arithmetic', args: values };
  }
  if (main.op === 'Clip' && after.some((n) => n.op === 'Mod' || n.op.startsWith('Bitwise')))
    return { code: 'integer-arithmetic', args: values };
  if (
    before.length === 1 &&
    isReduction(main.op) &&
    after.some((n) => isReduction(n.op)) &&
    after.some((n) => n.op === 'Slice' || n.op === 'Gather')
  )
    return { code: 'index-differs', args: { operator: main.op } };
  if (['Round', 'Floor', 'Ceil'].includes(main.op)) return { code: 'integer-arithmetic', args: values };
  if (main.op === 'Softmax' || main.op === 'LogSoftmax') {
    const axes = softmaxAxes(difference, proven, main);
    if (axes !== undefined) return { code: 'axis-differs', args: { from: main.attributes.axis ?? -1, to: axes } };
  }
  if (before.length === 1 && NORMALISATIONS.has(main.op)) {
    const training = main.op === 'BatchNormalization' && after.some((n) => /^Reduce|Pool$|^InstanceNorm/.test(n.op));
    return { code: training ? 'batchnorm-training' : 'normalisation-differs', args: values };
  }
  if (before.length === 1 && ACTIVATIONS.has(main.op) && after.every((n) => isElementwise(n.op)))
    return { code: 'activation-variant', args: values };
  if (masks(sides.reference, before) !== masks(sides.candidate, after)) return { code: 'mask-differs', args: values };
  const moving = (nodes: readonly OpNode[]) => nodes.every((n) => MOVING.has(n.op) || BOOKKEEPING.has(n.op));
  if (moving(before) && moving(after) && after.length > 0) return { code: 'layout-permuted' };
  return undefined;
}

const opsOf = (nodes: readonly OpNode[]): string =>
  nodes.length === 0
    ? 'nothing'
    : nodes
        .map((n) => n.op)
        .slice(0, 8)
        .join(' → ');

/** The node that the others serve: the only one that does more than move elements about. */
function mainOf(nodes: readonly OpNode[]): OpNode | undefined {
  const real = nodes.filter((n) => !MOVING.has(n.op) && !BOOKKEEPING.has(n.op));
  return real.at(-1) ?? nodes.at(-1);
}

const isWhole = (side: Side, tensor: string): boolean => /^u?int/.test(dtypeOf(side, tensor) ?? '');
/** The nodes hand on a tensor, or there are none: then the tensor itself stands for it. */
const hangsOn = (side: Side, nodes: readonly OpNode[], tensor: string): boolean =>
  nodes.length === 0 ? side.view.graph.tensors[tensor] !== undefined : nodes.some((n) => n.inputs.includes(tensor));

const masks = (side: Side, nodes: readonly OpNode[]): boolean =>
  nodes.some((n) =>
    n.inputs.some((t) => {
      const value = t !== '' && side.isConstant(t) ? side.value(t) : undefined;
      return value !== undefined && isMaskValue(value);
    }),
  );
