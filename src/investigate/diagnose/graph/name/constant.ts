import type { OpNode } from '../../../../records/graph.ts';
import type { Tensor } from '../../../../tensor/tensor.ts';
import { toFloat64 } from '../../../../tensor/values.ts';
import type { Difference } from '../difference.ts';
import type { Side } from '../side.ts';
import type { Named, Proven } from './cause.ts';
import { type Change, changeOf } from './change.ts';
import { isEpsilon, isMaskValue, leadsTo, madeBy } from './context.ts';
import { nameQuantised } from './quantised.ts';
import { type Role, roleOf } from './role.ts';

type ConstantDifference = Extract<Difference, { kind: 'constant' }>;

/** The cause behind a constant that was proven to make the difference: what it is for, and how it changed. */
export function nameConstant(difference: ConstantDifference, proven: Proven): Named {
  const { reference, candidate, from, to } = difference;
  const { sides } = proven;
  const quantised = nameQuantised(difference, proven);
  if (quantised !== undefined) return quantised;
  if (from.dtype === 'string' || to.dtype === 'string') return { code: 'constant-differs' };
  const change = changeOf(from, to);
  const role = roleOf(sides.reference, reference.node, reference.index);
  const tensor = candidate.node.inputs[candidate.index];
  const half = proven.question.scene.lab.facts.declared === 'float16';
  if (half && change.kind === 'narrowed' && change.narrowing.kind === 'grid')
    return { code: 'float16-range', args: { tensor } };
  const held = sides.candidate.isFixed(tensor ?? '');
  const named = byRole(role, change, {
    from,
    to,
    node: reference.node,
    index: reference.index,
    side: sides.reference,
    held,
  });
  return { code: named.code, args: { tensor, ...spoken(change), ...named.args } };
}

interface Place {
  readonly from: Tensor;
  readonly to: Tensor;
  readonly node: OpNode;
  readonly index: number;
  readonly side: Side;
  /** The candidate's is held by the model, not computed. */
  readonly held: boolean;
}

function byRole(role: Role, change: Change, place: Place): Named {
  const { from, to, node, side } = place;
  const values = { from: briefly(from), to: briefly(to) };
  switch (role) {
    case 'bound':
      return { code: 'clipping-differs', args: values };
    case 'threshold':
      return { code: 'comparison-differs', args: values };
    case 'index':
      return { code: 'index-differs', args: values };
    case 'axes':
      return { code: 'axis-differs', args: values };
    case 'pads':
      return { code: 'padding-differs', args: values };
    case 'resize':
      return { code: 'resize-mode', args: values };
    case 'shape':
      return ofShape(place);
    case 'diagonal':
      return { code: 'mask-differs', args: values };
    case 'position':
      return { code: 'position-offset', args: offsetOf(change) };
    case 'initial-state':
      return { code: 'initial-state' };
    case 'lengths':
      return { code: 'recurrence-differs', args: values };
    case 'gates':
      return ofGates(change, place);
    case 'variance':
      if (change.kind === 'function' || isBessel(change)) return { code: 'normalisation-differs' };
      return ofWeight(change);
    case 'slope':
      if (change.kind === 'order' || change.kind === 'slices' || change.kind === 'narrowed') return ofWeight(change);
      return { code: 'activation-variant', args: values };
    case 'bias':
      return isZero(to) ? { code: 'bias-dropped' } : ofWeight(change);
    case 'table':
      if (change.kind === 'order' && change.axis === 0 && isRoll(change.order)) {
        const positions = madeBy(side, node.inputs[1] ?? '', (n) => n.op === 'Range') !== undefined;
        return { code: positions ? 'position-offset' : 'index-differs', args: { offset: rollOf(change.order) } };
      }
      return ofWeight(change);
    case 'term':
      return ofTerm(change, place, values);
    case 'factor':
      return ofFactor(change, place, values);
    case 'branch':
    case 'other':
    case 'data':
      if (isMaskValue(from) || isMaskValue(to)) return { code: 'mask-differs', args: values };
      if (change.kind === 'narrowed' && change.narrowing.kind !== 'decimal') return ofWeight(change);
      return { code: 'constant-differs', args: values };
    default:
      return ofWeight(change);
  }
}

/** Something that was learnt, or tabulated. */
function ofWeight(change: Change): Named {
  switch (change.kind) {
    case 'permuted':
      return { code: 'layout-permuted', args: { permutation: change.permutation } };
    case 'rearranged':
      return { code: 'layout-permuted' };
    case 'flipped':
      return { code: 'channel-order', args: { axis: change.axes.join(' and '), order: 'reversed' } };
    case 'order':
      return { code: 'channel-order', args: { axis: change.axis, order: orderInWords(change.order) } };
    case 'slices':
      return { code: 'channel-corrupted', args: { axis: change.axis, channels: change.slices.join(', ') } };
    case 'affine':
      return { code: 'scaling-differs', args: { factor: short(change.factor), offset: short(change.offset) } };
    case 'narrowed':
      return change.narrowing.kind === 'decimal'
        ? { code: 'weights-differ', args: { dtype: change.narrowing.dtype } }
        : { code: 'dtype-narrowed', args: { dtype: change.narrowing.dtype } };
    case 'other':
      return { code: 'weights-differ', args: { relative: percent(change.relative) } };
    default:
      return { code: 'weights-differ' };
  }
}

/** A summand: a bias, an epsilon, a mask, positions, a shift. */
function ofTerm(change: Change, { from, to, node, index, side }: Place, values: Named['args']): Named {
  if (isMaskValue(from) || isMaskValue(to)) return { code: 'mask-differs', args: values ?? {} };
  if (change.kind === 'scalar') {
    if (change.to === 0 && change.from !== 0 && !isEpsilon(side, node, change.from, 0) && !isIntegral(from))
      return { code: 'bias-dropped', args: values ?? {} };
    if (isEpsilon(side, node, change.from, change.to)) return { code: 'epsilon-differs', args: values ?? {} };
    const other = node.inputs[1 - index] ?? '';
    const first = side.view.graph.inputs.includes(other);
    if (!isIntegral(from) && first) return { code: 'scaling-differs', args: values ?? {} };
    return { code: 'constant-differs', args: values ?? {} };
  }
  if (change.kind === 'order' && isRoll(change.order) && from.shape.length > 1 && change.axis < from.shape.length - 1) {
    return { code: 'position-offset', args: { offset: rollOf(change.order) } };
  }
  if (isZero(to)) return { code: 'bias-dropped' };
  const named = ofWeight(change);
  const learnt = madeBy(
    side,
    node.inputs[1 - index] ?? '',
    (n) => /^(Conv|ConvTranspose|MatMul|Gemm|Einsum)$/.test(n.op),
    3,
  );
  return named.code === 'weights-differ' && learnt === undefined ? { ...named, code: 'constant-differs' } : named;
}

/** A factor: a scale, a temperature, a standard deviation, the number that a mean divides by. */
function ofFactor(change: Change, { from, to, node, index, side }: Place, values: Named['args']): Named {
  if (isMaskValue(from) || isMaskValue(to)) return { code: 'mask-differs', args: values ?? {} };
  if (isIntegral(from) && from.dtype !== 'bool') return { code: 'constant-differs', args: values ?? {} };
  if (change.kind === 'scalar') {
    const sum = madeBy(side, node.inputs[1 - index] ?? '', (n) => /^ReduceSum/.test(n.op), 1);
    const counts = sum !== undefined && node.op === 'Div' && Math.abs(change.from - change.to) === 1;
    if (counts && leadsTo(side, node, (n) => n.op === 'Sqrt', 2))
      return { code: 'normalisation-differs', args: values ?? {} };
    return { code: 'scaling-differs', args: { factor: short(ratio(node, index, change)), ...values } };
  }
  const named = ofWeight(change);
  if (named.code === 'weights-differ') {
    return change.kind === 'narrowed' || change.kind === 'other'
      ? { ...named, code: change.kind === 'narrowed' ? 'constant-differs' : 'scaling-differs' }
      : { ...named, code: 'scaling-differs' };
  }
  return named;
}

const ratio = (node: OpNode, index: number, { from, to }: { from: number; to: number }): number =>
  node.op === 'Div' && index === 1 ? from / to : to / from;

function ofShape({ from, to, node, side, held }: Place): Named {
  const [a, b] = [toFloat64(from), toFloat64(to)];
  const values = { from: briefly(from), to: briefly(to) };
  // A shape that is computed is none that was frozen.
  const open = !held ? -1 : a.findIndex((d, i) => d <= 0 && (b[i] ?? 0) > 0);
  if (a.length === b.length && open >= 0) return { code: 'frozen-dimension', args: { size: b[open], ...values } };
  if (leadsTo(side, node, (n) => /Normalization$/.test(n.op), 2))
    return { code: 'normalisation-differs', args: values };
  return { code: 'layout-permuted', args: values };
}

/** Weights of a recurrent operator: axis 1 holds the gates, 4 of an LSTM, 3 of a GRU; in B those of W and R. */
function ofGates(change: Change, { from, to, node, index }: Place): Named {
  const gates = node.op === 'LSTM' ? 4 : node.op === 'GRU' ? 3 : 1;
  const blocks = index === 3 ? 2 * gates : index === 7 ? 3 : gates;
  if (change.kind === 'order' && change.axis === 1) {
    const size = change.order.length / blocks;
    const whole = change.order.every(
      (at, i) =>
        at % size === i % size && Math.floor(at / size) === Math.floor((change.order[i - (i % size)] as number) / size),
    );
    if (whole) {
      const order = Array.from({ length: gates }, (_, i) => Math.floor((change.order[i * size] as number) / size));
      return { code: 'gate-order', args: { order: order.join(', ') } };
    }
  }
  if (index === 3 && onlyZeroed(toFloat64(from), toFloat64(to))) return { code: 'bias-dropped' };
  return ofWeight(change);
}

/** Nothing else happened than that numbers became zero, many of them. */
function onlyZeroed(a: Float64Array, b: Float64Array): boolean {
  let zeroed = 0;
  for (let i = 0; i < a.length; i++) {
    if (a[i] === b[i]) continue;
    if (b[i] !== 0) return false;
    zeroed += 1;
  }
  return zeroed >= a.length / 4;
}

const isZero = (tensor: Tensor): boolean => toFloat64(tensor).every((v) => v === 0);
const isIntegral = ({ dtype }: Tensor): boolean => !dtype.startsWith('float') && dtype !== 'bfloat16';

/** n/(n−1), or the reverse: variance of a sample for that of a population. */
function isBessel(change: Change): boolean {
  if (change.kind !== 'affine' || change.offset !== 0) return false;
  const f = change.factor > 1 ? change.factor : 1 / change.factor;
  const n = f / (f - 1);
  return n >= 2 && n < 1e5 && Math.abs(n - Math.round(n)) < 1e-3 * n;
}

const isRoll = (order: readonly number[]): boolean => {
  const by = order[0] as number;
  return by !== 0 && order.every((at, i) => at === (i + by) % order.length);
};
function rollOf(order: readonly number[]): number {
  const by = order[0] as number;
  return by > order.length / 2 ? by - order.length : by;
}
const offsetOf = (change: Change): Record<string, unknown> =>
  change.kind === 'scalar' ? { offset: short(change.to - change.from) } : {};

const MOST_SHOWN = 12;
export function orderInWords(order: readonly number[]): string {
  if (order.every((at, i) => at === order.length - 1 - i)) return 'reversed';
  if (isRoll(order)) return `rolled by ${rollOf(order)}`;
  const moved = order.flatMap((at, i) => (at === i ? [] : [i]));
  if (moved.length === 2) return `${moved.join(' and ')} exchanged`;
  return order.length <= MOST_SHOWN ? order.join(', ') : `${order.slice(0, MOST_SHOWN).join(', ')}, …`;
}

const spoken = (change: Change): Record<string, unknown> => ({ change: change.kind });
export const short = (x: number): number => Number(x.toPrecision(4));
const percent = (share: number): string => `${short(share * 100)} %`;

/** A tensor in an argument of a sentence: its values, the first of many. */
export function briefly(tensor: Tensor): unknown {
  const values = [...toFloat64(tensor).subarray(0, MOST_SHOWN)].map((v) => (Number.isFinite(v) ? short(v) : String(v)));
  if (tensor.shape.length === 0 || (values.length === 1 && tensor.data.length <= 8)) return values[0];
  return tensor.shape.reduce((n, d) => n * d, 1) > MOST_SHOWN ? [...values, '…'] : values;
}
