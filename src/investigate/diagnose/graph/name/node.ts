import type { OpNode } from '../../../../records/graph.ts';
import type { Tensor } from '../../../../tensor/tensor.ts';
import { toFloat64 } from '../../../../tensor/values.ts';
import type { Difference } from '../difference.ts';
import { ACTIVATIONS, NORMALISATIONS } from '../operators.ts';
import type { Side } from '../side.ts';
import { narrowed } from './casts.ts';
import type { Named, Proven } from './cause.ts';
import { briefly, short } from './constant.ts';
import { isEpsilon, isMaskValue, leadsTo, madeBy } from './context.ts';
import { nameActivationGrid } from './quantised-activation.ts';

type Added = Extract<Difference, { kind: 'added' }>;
type Missing = Extract<Difference, { kind: 'missing' }>;

/** A node of the candidate that the reference does not have there. */
export function nameAdded({ candidate: node, through }: Added, proven: Proven): Named {
  const side = proven.sides.candidate;
  const grid = nameActivationGrid(node, proven);
  if (grid !== undefined) return grid;
  const cast = narrowed(side, [node]);
  if (cast !== undefined) return cast;
  return nameNode(side, node, through, 'added');
}

/** A node of the reference that the candidate does not have there. */
export function nameMissing({ reference: node, through }: Missing, { sides: { reference } }: Proven): Named {
  return nameNode(reference, node, through, 'missing');
}

/** What a node does that only one side has. */
export function nameNode(side: Side, node: OpNode, through: number, what: 'added' | 'missing'): Named {
  const { op } = node;
  const other = otherOperand(side, node, through);
  if (op === 'Dropout' || isRandom(side, node)) return { code: 'randomness' };
  if (
    feedsIndex(side, node) ||
    (what === 'added' && madeBy(side, node.inputs[through] ?? '', isRange, 1) !== undefined)
  ) {
    const positions = madeBy(side, node.inputs[through] ?? '', isRange, 3) !== undefined || isRangeNear(side, node);
    return { code: positions ? 'position-offset' : 'index-differs', args: { operator: op, feeds: true } };
  }
  const masking = node.inputs.some((t) => t !== '' && masks(side.value(t)));
  if (masking && !ACTIVATIONS.has(op)) return { code: 'mask-differs', args: { operator: op } };
  if (isMaskLogic(side, node)) return { code: 'mask-differs', args: { operator: op } };
  if (op === 'Clip' || ((op === 'Min' || op === 'Max') && other !== undefined)) {
    const values =
      other === undefined
        ? {}
        : what === 'added'
          ? { to: briefly(other), from: 'none' }
          : { from: briefly(other), to: 'none' };
    return { code: 'clipping-differs', args: values };
  }
  if (ACTIVATIONS.has(op)) return { code: `activation-${what}`, args: { activation: op } };
  if (op === 'Transpose') return { code: 'layout-permuted', args: { permutation: node.attributes.perm } };
  if (['Reshape', 'Flatten', 'DepthToSpace', 'SpaceToDepth', 'Squeeze', 'Unsqueeze'].includes(op))
    return { code: 'layout-permuted' };
  if (op === 'Pad') return { code: 'padding-differs', args: {} };
  if (op === 'Resize') return { code: 'resize-mode', args: {} };
  if (op === 'Gather' && other !== undefined) return ofGather(side, node, other);
  if (op === 'ReverseSequence')
    return { code: 'channel-order', args: { axis: node.attributes.time_axis ?? 0, order: 'reversed' } };
  if (['Slice', 'Gather', 'GatherElements', 'GatherND'].includes(op))
    return { code: 'index-differs', args: { operator: op } };
  if (what === 'missing' && ['Round', 'Floor', 'Ceil'].includes(op) && leadsTo(side, node, (n) => n.op === 'Cast', 1))
    return { code: 'integer-arithmetic', args: { from: op, to: 'none' } };
  if ((op === 'Mul' || op === 'Div') && other !== undefined) return ofFactor(op, other, what);
  if ((op === 'Add' || op === 'Sub') && other !== undefined) return ofTerm(side, node, through, other, what);
  return { code: `operator-${what}`, args: { operator: op } };
}

const masks = (value: Tensor | undefined): boolean => value !== undefined && isMaskValue(value);

const isRange = (node: OpNode): boolean => node.op === 'Range';

/** The constant operand beside the one that the node stands behind. */
function otherOperand(side: Side, node: OpNode, through: number): Tensor | undefined {
  const tensor = node.inputs.find((t, i) => i !== through && t !== '' && side.isFixed(t));
  return tensor === undefined ? undefined : side.value(tensor);
}

const isRandom = (side: Side, node: OpNode): boolean =>
  node.inputs.some((t) => madeBy(side, t, (n) => /^(Random|Bernoulli|Multinomial)/.test(n.op), 2) !== undefined);

/** What it makes says which elements are taken. */
function feedsIndex(side: Side, node: OpNode): boolean {
  const made = node.outputs[0] as string;
  return side
    .readers(made)
    .some((n) => /^(Gather|Scatter|OneHot)/.test(n.op) && n.inputs[n.op === 'OneHot' ? 0 : 1] === made);
}

const isRangeNear = (side: Side, node: OpNode): boolean =>
  leadsTo(side, node, isRange, 2) || node.inputs.some((t) => madeBy(side, t, isRange, 2) !== undefined);

/** It makes yes or no, or turns it round, for something that masks. */
function isMaskLogic(side: Side, node: OpNode): boolean {
  const boolean = side.view.graph.tensors[node.outputs[0] as string]?.dtype === 'bool';
  const masks = (n: OpNode): boolean =>
    n.inputs.some((t) => side.isFixed(t) && t !== '' && (side.value(t)?.shape.length ?? 9) <= 1 && maskTensor(side, t));
  if (boolean || node.op === 'Not') return leadsTo(side, node, (n) => masks(n) || n.op === 'Where', 6);
  return node.op === 'Sub' && node.inputs.some((t) => isOne(side, t)) && leadsTo(side, node, masks, 6);
}

const maskTensor = (side: Side, tensor: string): boolean => {
  const value = side.value(tensor);
  return value !== undefined && isMaskValue(value);
};
const isOne = (side: Side, tensor: string): boolean => {
  const value = side.isConstant(tensor) ? side.value(tensor) : undefined;
  return value !== undefined && value.dtype !== 'string' && toFloat64(value).every((v) => v === 1);
};

function ofGather(side: Side, node: OpNode, indices: Tensor): Named {
  const order = [...toFloat64(indices)];
  const axis = Number(node.attributes.axis ?? 0);
  const size = side.value(node.inputs[0] ?? '')?.shape.at(axis);
  const all = size === order.length && new Set(order.map((i) => (i < 0 ? i + size : i))).size === size;
  return all
    ? { code: 'channel-order', args: { axis, order: order.join(', ') } }
    : { code: 'index-differs', args: { operator: node.op } };
}

function ofFactor(op: string, other: Tensor, what: 'added' | 'missing'): Named {
  const [value = 1, ...more] = toFloat64(other);
  if (more.some((v) => v !== value)) return { code: 'scaling-differs' };
  if (value === 0 && op === 'Mul') return { code: `operator-${what}`, args: { operator: 'Mul by 0' } };
  const factor = (op === 'Mul') === (what === 'added') ? value : 1 / value;
  return { code: 'scaling-differs', args: { factor: short(factor) } };
}

function ofTerm(side: Side, node: OpNode, through: number, other: Tensor, what: 'added' | 'missing'): Named {
  const values = toFloat64(other);
  const [first = 0] = values;
  if (values.length === 1) {
    const [from, to] = what === 'added' ? [0, first] : [first, 0];
    if (isEpsilon(side, node, from, to)) return { code: 'epsilon-differs', args: { from: short(from), to: short(to) } };
    return { code: 'scaling-differs', args: { factor: 1, offset: short(to - from) } };
  }
  const learnt = madeBy(
    side,
    node.inputs[through] ?? '',
    (n) => /^(Conv|ConvTranspose|MatMul|Gemm|Einsum)$/.test(n.op),
    2,
  );
  if (what === 'missing' && learnt !== undefined) return { code: 'bias-dropped' };
  return { code: `operator-${what}`, args: { operator: `${node.op} of a constant` } };
}

/** Families within which one function is taken for another. */
const COMPARISONS = /^(Greater|Less|Equal|GreaterOrEqual|LessOrEqual)$/;

/** Another operator with the same operands. */
export function nameOperator(r: OpNode, c: OpNode): Named {
  const args = { from: r.op, to: c.op };
  if (COMPARISONS.test(r.op) && COMPARISONS.test(c.op)) return { code: 'comparison-differs', args };
  if (r.op === 'BatchNormalization' && /^(Instance|Layer|Group)Normalization$/.test(c.op))
    return { code: 'batchnorm-training', args };
  if (NORMALISATIONS.has(r.op) && NORMALISATIONS.has(c.op)) return { code: 'normalisation-differs', args };
  const wholes = ['Floor', 'Ceil', 'Round'];
  if (wholes.includes(r.op) && c.op === 'Cast') return { code: 'integer-arithmetic', args };
  const bounds = ['Clip', 'Min', 'Max', 'Relu'];
  if (bounds.includes(r.op) && bounds.includes(c.op)) return { code: 'clipping-differs', args };
  if (ACTIVATIONS.has(r.op) && ACTIVATIONS.has(c.op)) return { code: 'activation-variant', args };
  const moves = ['Transpose', 'Reshape', 'Flatten', 'DepthToSpace', 'SpaceToDepth'];
  if (moves.includes(r.op) && moves.includes(c.op)) return { code: 'layout-permuted', args: {} };
  return { code: 'operator-differs', args };
}
