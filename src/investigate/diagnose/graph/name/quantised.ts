import type { Tensor } from '../../../../tensor/tensor.ts';
import { elementCount } from '../../../../tensor/tensor.ts';
import { toFloat64 } from '../../../../tensor/values.ts';
import type { Difference } from '../difference.ts';
import type { Side } from '../side.ts';
import type { Named, Proven } from './cause.ts';
import { short } from './constant.ts';
import { sliceOf } from './rearranged.ts';

type ConstantDifference = Extract<Difference, { kind: 'constant' }>;

/** A grid that values lie on: `scale·(q − zero)`, one for all or one a channel. */
interface Grid {
  readonly scale: Float64Array;
  readonly zero: Float64Array;
  readonly axis: number;
  readonly low: number;
  readonly high: number;
}

/** More of the values than this at the limits were cut off: rounding alone leaves one or two a channel there. */
const CUT = 0.02;
/** A step larger than this many times the best attainable one is too coarse, one below its inverse cuts. */
const COARSE = 2;
/** Middle deviation from what was meant, in steps of the grid: half a step at most is rounding. */
const ROUNDING = 0.75;
/** From a scale of so many best ones on, all of a channel's weights fall below half a step. */
const DEAD = 100;

/**
 * A weight that is dequantised in the graph of the candidate, held against the reference's: what is wrong with its grid.
 * Undefined: it is not quantised, or its grid is as good as it can be.
 */
export function nameQuantised(
  { reference, candidate, from }: ConstantDifference,
  { sides }: Proven,
): Named | undefined {
  const tensor = candidate.node.inputs[candidate.index] ?? '';
  const node = sides.candidate.producer(tensor)?.node;
  if (node?.op !== 'DequantizeLinear' || reference.index === undefined) return undefined;
  const stored = sides.candidate.value(node.inputs[0] ?? '');
  const grid = gridOf(sides.candidate, node.inputs, Number(node.attributes.axis ?? 1), stored);
  if (stored === undefined || grid === undefined || elementCount(from.shape) !== elementCount(stored.shape))
    return undefined;
  return weightOnGrid(from, stored, grid);
}

function gridOf(side: Side, inputs: readonly string[], axis: number, stored: Tensor | undefined): Grid | undefined {
  const scale = side.value(inputs[1] ?? '');
  if (scale === undefined || stored === undefined) return undefined;
  const zero = inputs[2] === undefined || inputs[2] === '' ? undefined : side.value(inputs[2]);
  const [low, high] = limitsOf(stored);
  const count = elementCount(scale.shape);
  return {
    scale: toFloat64(scale),
    zero: zero === undefined ? new Float64Array(count) : toFloat64(zero),
    axis: axis < 0 ? axis + stored.shape.length : axis,
    low,
    high,
  };
}

const limitsOf = ({ dtype }: Tensor): [number, number] =>
  dtype === 'uint8' ? [0, 255] : dtype === 'int8' ? [-128, 127] : dtype === 'uint16' ? [0, 65535] : [-32768, 32767];

function weightOnGrid(from: Tensor, stored: Tensor, grid: Grid): Named | undefined {
  const [w, q] = [toFloat64(from), toFloat64(stored)];
  if (grid.low === 0 && grid.zero.every((z) => z === 0) && w.some((x) => x < 0))
    return { code: 'quantisation-parameters', args: { reason: 'signed bytes are read as unsigned' } };
  const channels = grid.scale.length;
  const pick = (values: Float64Array, c: number) =>
    channels === 1 ? values : sliceOf(stored.shape, grid.axis, c, values);
  const each = Array.from({ length: channels }, (_, c) =>
    channelOf(pick(w, c), pick(q, c), grid.scale[c] as number, grid.zero[c] ?? grid.zero[0] ?? 0, grid),
  );
  const dead = each.filter((e) => e.dead).length;
  // A channel that is zero with a scale of its own size lost its weights; with one far too large they fell below a step.
  const lost = each.flatMap((e, c) => (e.dead && e.coarse < DEAD ? [c] : []));
  if (lost.length > 0) return { code: 'channel-corrupted', args: { axis: grid.axis, channels: lost.join(', ') } };
  if (dead > 0) return { code: 'quantisation-parameters', args: { channels: dead, reason: 'dead' } };
  const offset = each.filter((e) => e.offset).length;
  const factor = each.filter((e) => e.factor !== undefined);
  const cut = each.reduce((sum, e) => sum + e.cut, 0) / channels;
  if (offset > channels / 2) return { code: 'quantisation-parameters', args: { reason: 'zero point' } };
  if (factor.length > 0 && cut < CUT)
    return {
      code: 'quantisation-parameters',
      args: { factor: short(factor[0]?.factor ?? 1), channels: factor.length },
    };
  if (cut >= CUT) return { code: 'saturation', args: { share: `${short(cut * 100)} %` } };
  const coarse = each.map((e) => e.coarse).sort((a, b) => a - b);
  const most = coarse.at(-1) ?? 0;
  if (most >= COARSE) return { code: 'quantisation-coarse', args: { times: short(most) } };
  return undefined;
}

interface Channel {
  readonly dead: boolean;
  /** All values lie beside what was meant by the same amount, more than a step. */
  readonly offset: boolean;
  /** What is dequantised is this many times what was meant. */
  readonly factor: number | undefined;
  /** Share of values that lie at a limit of the grid and are meant to lie beyond it. */
  readonly cut: number;
  /** The real step (the gap between levels that are used) in steps that would do. */
  readonly coarse: number;
}

function channelOf(w: Float64Array, q: Float64Array, scale: number, zero: number, grid: Grid): Channel {
  const largest = Math.max(...[...w].map(Math.abs));
  const best = largest / 127 || 1;
  const got = q.map((x) => scale * (x - zero));
  const used = [...new Set(q)].sort((a, b) => a - b);
  const gaps = used.slice(1).map((x, i) => x - (used[i] as number));
  const gap = gaps.length === 0 ? 1 : Math.min(...gaps);
  const step = Math.max(gap * scale, best);
  const dead = largest > 0 && q.every((x) => x === q[0]) && w.some((x) => x !== w[0]);
  let [cross, square, sum] = [0, 0, 0];
  const high = Math.max(...q);
  const low = Math.min(...q);
  let cut = 0;
  for (let i = 0; i < w.length; i++) {
    const [x, y] = [w[i] as number, got[i] as number];
    cross += x * y;
    square += x * x;
    sum += y - x;
    const end = (q[i] === high && x > y + ROUNDING * step) || (q[i] === low && x < y - ROUNDING * step);
    if (end) cut += 1;
  }
  const factor = cross / (square || 1);
  const mean = sum / w.length;
  const offset = Math.abs(mean) > step && w.every((x, i) => Math.abs((got[i] as number) - x - mean) <= ROUNDING * step);
  const fits = w.every((x, i) => Math.abs((got[i] as number) - factor * x) <= ROUNDING * step * Math.max(1, factor));
  return {
    dead,
    offset,
    factor: fits && Math.abs(factor - 1) > 0.02 && !offset && grid.high > 0 ? factor : undefined,
    cut: cut / w.length,
    coarse: (gap * scale) / best,
  };
}
