import type { ModelEdit } from '../../../../records/edit.ts';
import { tensorFrom } from '../../../../tensor/build.ts';
import { takeRows } from '../../../../tensor/rows.ts';
import type { Tensor } from '../../../../tensor/tensor.ts';
import { transpose } from '../../../../tensor/transpose.ts';
import { toFloat64 } from '../../../../tensor/values.ts';
import type { Alternative, Rule } from '../alternative.ts';
import { attribute, operand, settings } from '../changes.ts';
import type { Site } from '../site.ts';

/** Orders of axes and of what a reshape regroups. */
export const axesOrder: Rule = {
  name: 'axes-order',
  codes: ['layout-permuted'],
  ops: ['Transpose', 'Reshape', 'Flatten', 'DepthToSpace', 'SpaceToDepth'],
  alternatives: function* (site) {
    const { node } = site;
    if (node.op === 'DepthToSpace') {
      const now = { mode: site.text('mode', 'DCR') };
      const { edits, from, to } = settings(node, now, { mode: now.mode === 'DCR' ? 'CRD' : 'DCR' });
      yield { code: 'layout-permuted', node, edits, args: { from, to }, experiment: `with ${from}`, cost: 1 };
      return;
    }
    const input = node.inputs[0] ?? '';
    const shape = site.shape(input);
    if (shape === undefined || shape.length > 5) return;
    const now =
      node.op === 'Transpose'
        ? (site.list('perm') ?? shape.map((_, i) => shape.length - 1 - i))
        : shape.map((_, i) => i);
    for (const order of permutations(shape.length)) {
      if (order.join() === now.join()) continue;
      const edit: ModelEdit =
        node.op === 'Transpose'
          ? attribute(node, 'perm', order)
          : { edit: 'insert-before', node: node.id, index: 0, op: 'Transpose', attributes: { perm: order } };
      yield {
        code: 'layout-permuted',
        node,
        edits: [edit],
        args: { permutation: order.join(', ') },
        experiment: `with axes ${order.join(', ')}`,
        cost: 1 + order.filter((a, i) => a !== now[i]).length,
      };
    }
  },
};

/** Weights with axes exchanged or slices reversed, where the shape stays as it is. */
export const weightOrder: Rule = {
  name: 'weight-order',
  codes: ['layout-permuted', 'channel-order'],
  ops: ['MatMul', 'Gemm', 'Conv', 'ConvTranspose'],
  alternatives: function* (site) {
    const { node } = site;
    if (node.op === 'Gemm')
      for (const name of ['transA', 'transB']) {
        const now = site.number(name, 0);
        yield permuted(site, [attribute(node, name, 1 - now)], name, 1);
      }
    for (const index of [1, 0]) {
      const weight = site.constant(index);
      if (weight === undefined || weight.dtype === 'string' || weight.shape.length < 2) continue;
      const last = weight.shape.length - 1;
      if (weight.shape[last] === weight.shape[last - 1] && (weight.shape[last] as number) > 1)
        yield permuted(site, [operand(node, index, exchanged(weight, last - 1, last))], `${last}, ${last - 1}`, 2);
      if (weight.shape[0] === weight.shape[1] && last > 1 && (weight.shape[0] as number) > 1)
        yield permuted(site, [operand(node, index, exchanged(weight, 0, 1))], '1, 0', 2);
      if (node.op.startsWith('Conv')) yield* flipped(site, index, weight);
    }
  },
};

function* flipped(site: Site, index: number, weight: Tensor): Generator<Alternative> {
  const spatial = weight.shape.map((_, i) => i).slice(2);
  const turn = (axes: readonly number[]) =>
    axes.reduce((t, axis) => takeRows(t, axis, reversed(t.shape[axis] as number)), weight);
  for (const axes of spatial.length > 1 ? [spatial, ...spatial.map((a) => [a])] : [spatial])
    if (axes.some((a) => (weight.shape[a] as number) > 1))
      yield {
        code: 'channel-order',
        node: site.node,
        edits: [operand(site.node, index, turn(axes))],
        args: { axis: axes.join(', '), order: 'reversed' },
        experiment: 'with its kernel turned round',
        cost: 3,
      };
}

const permuted = (site: Site, edits: ModelEdit[], permutation: string, cost: number): Alternative => ({
  code: 'layout-permuted',
  node: site.node,
  edits,
  args: { permutation },
  experiment: 'with its weights transposed',
  cost,
});

function exchanged(tensor: Tensor, a: number, b: number): Tensor {
  const axes = tensor.shape.map((_, i) => (i === a ? b : i === b ? a : i));
  return transpose(tensor, axes);
}

const reversed = (count: number): number[] => Array.from({ length: count }, (_, i) => count - 1 - i);

function permutations(count: number): number[][] {
  if (count === 0) return [[]];
  return permutations(count - 1).flatMap((rest) =>
    Array.from({ length: count }, (_, at) => [...rest.slice(0, at), count - 1, ...rest.slice(at)]),
  );
}

/** Operands of a concatenation, in another order. */
export const joined: Rule = {
  name: 'joined',
  codes: ['channel-order'],
  ops: ['Concat'],
  alternatives: function* (site) {
    const { node } = site;
    const count = node.inputs.length;
    if (count < 2 || count > 4) return;
    for (const order of permutations(count)) {
      if (order.every((o, i) => o === i)) continue;
      yield {
        code: 'channel-order',
        node,
        edits: order.map((from, to) => operand(node, to, site.constant(from) ?? node.inputs[from] ?? null)),
        args: { axis: site.number('axis', 0), order: order.join(', ') },
        experiment: `joined in the order ${order.join(', ')}`,
        cost: order.filter((o, i) => o !== i).length,
      };
    }
  },
};

export const oneHotValues: Rule = {
  name: 'one-hot-values',
  codes: ['constant-differs'],
  ops: ['OneHot'],
  alternatives: function* (site) {
    const values = site.constant(2);
    if (values === undefined || values.dtype === 'string') return;
    const now = [...toFloat64(values)];
    for (const then of [
      [0, 1],
      [1, 0],
      [-1, 1],
    ])
      if (then.join() !== now.join())
        yield {
          code: 'constant-differs',
          node: site.node,
          edits: [operand(site.node, 2, tensorFrom(values.dtype, [2], then))],
          args: { from: then, to: now },
          experiment: `with the values ${then.join(' and ')}`,
          cost: 1,
        };
  },
};
