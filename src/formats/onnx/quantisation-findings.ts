import { finalUses } from './constants.ts';
import { channelsOf } from './movable.ts';
import type { TensorProto } from './onnx_pb.generated.ts';
import { type QuantisedPlace, quantisedPlaces } from './quantisation.ts';
import { parseOnnx } from './read.ts';
import { countOf, referenceWeights, shapeKey } from './reference-weights.ts';
import { type Flow, flowOf } from './scopes.ts';
import { numbersIn } from './tensor-data.ts';

/** What is wrong with how a tensor is quantised. */
export type QuantisationCode =
  /** A scale that is zero, negative, not finite or denormal. `value` is the scale. */
  | 'scale-invalid'
  /** A zero point other than 0 of signed weights, whose grid is meant to be symmetric. `value` is the zero point. */
  | 'zero-point-asymmetric'
  /** The same zero point other than 0 in every channel of signed weights. `value` is the zero point. */
  | 'zero-point-shared'
  /** Many integers lie at the ends of their grid: the scale is too small for the weights. `value` is their share. */
  | 'weight-clipped'
  /** No integer uses more than a part of its grid: the scale is too large. `value` is the largest |integer − zero point|. */
  | 'scale-coarse'
  /** 8-bit weights that use 15 levels alone: the precision of 4 bits. `value` as for `scale-coarse`. */
  | 'grid-of-four-bits'
  /** One scale for channels of very different range. `value` is the ratio of the largest to the smallest. */
  | 'scale-shared'
  /** All integers of a channel are zero though the reference's weights are not. `value` is the reference's largest |w|. */
  | 'channel-lost'
  /** Dequantised weights lie farther from the reference's than rounding can bring them. `value` is the error in steps. */
  | 'weights-differ';

export interface QuantisationFinding {
  readonly code: QuantisationCode;
  readonly node: string;
  readonly tensor: string;
  readonly operator: string;
  /** Channels concerned, ascending; empty where the whole tensor is. */
  readonly channels: readonly number[];
  /** The worst of them; its meaning follows from the code. */
  readonly value: number;
  /** The weight of the reference, where one was compared. */
  readonly reference?: string;
}

/** Smallest normal float32: scales below lose digits, and runtimes that flush denormal numbers make them zero. */
const SMALLEST_NORMAL = 2 ** -126;
/**
 * Weights scaled to their largest magnitude reach 127; with scales that are powers of two at least 64; with onnxruntime's
 * `reduce_range`, made for processors whose sums of products saturate, 63 or 64.
 */
const USED_AT_LEAST = 63;
/** Largest magnitude on a symmetric 4-bit grid. */
const FOUR_BITS = 7;
/** Ratio beyond which a channel on the scale of another keeps less than 127 / 50, that is two levels a side. */
const SHARED_RATIO = 50;
/** Percentile and mean-square calibration clip up to about one weight in a hundred on purpose. */
const CLIPPED_SHARE = 0.05;
const MIN_CLIPPED = 4;
/** Fewer elements say nothing about how a grid is used. */
const MIN_ELEMENTS = 64;
/** Channels that training left at 10^−30 are dead in the reference too: the unit roundoff of float32 beside the largest. */
const DEAD = 2 ** -24;
/**
 * What float32 adds to half a step, in steps for each integer: the rounding of the scale, of the quotient that was rounded
 * and of the product that dequantises, 2^−24 each. It counts for biases of 32 bits, whose steps are tiny.
 */
const ROUNDING = 2 ** -22;

/**
 * Scales and zero points that cannot follow from the weights, of an ONNX file and, where the float model it was made from is
 * given, of the distance between both. Bounds: `scale-*` and `weight-clipped` hold for weights of 8 bits; `weights-differ`
 * is an error above half a step in any channel. A reference weight is found by name, with what quantisers append taken off,
 * and shape, else by a shape that both sides have once, else by the direction that its values point in (match-weights.ts). Weights that BatchNormalization or Mul follows in the reference are
 * not compared: folding it into them changes them rightfully. Errors as `readQuantisation`.
 */
export function quantisationFindings(from: string, against?: string): QuantisationFinding[] {
  const flow = flowOf(parseOnnx(from));
  const places = quantisedPlaces(from, flow);
  const references = against === undefined ? null : referenceWeights(against);
  const shapes = countOf(places.filter(({ integers }) => integers !== null).map(({ integers }) => shapeKey(integers)));
  const judged = new Set<string>();
  return places.flatMap((place) => {
    const key = `${place.tensor}\0${place.scales}\0${place.zeroPoints}`;
    const found = judged.has(key) ? [] : scaleFindings(place);
    const { integers } = place;
    if (integers === null || place.scales === null || place.zeroPoints === null || judged.has(key)) {
      judged.add(key);
      return found;
    }
    judged.add(key);
    const channels = readChannels(place, integers, flow, from);
    if (channels === null) return found;
    found.push(...gridFindings(place, channels));
    const isOnly = shapes.get(shapeKey(integers)) === 1;
    const reference = references?.find(place, integers, isOnly, () => dequantised(channels));
    if (reference !== undefined) found.push(...distance(place, channels, reference.name, reference.read()));
    return found;
  });
}

const record = (
  { node, tensor, operator }: QuantisedPlace,
  code: QuantisationCode,
  channels: readonly number[],
  value: number,
): QuantisationFinding => ({ code, node, tensor, operator, channels, value });

function scaleFindings(place: QuantisedPlace): QuantisationFinding[] {
  const { scales, zeroPoints, role, dtype } = place;
  const found: QuantisationFinding[] = [];
  const many = (scales?.length ?? 0) > 1;
  const invalid = (scales ?? []).flatMap((scale, i) => (scale >= SMALLEST_NORMAL && scale < Infinity ? [] : [i]));
  const [first] = invalid;
  if (first !== undefined)
    found.push(record(place, 'scale-invalid', many ? invalid : [], scales?.[first] ?? Number.NaN));
  const signed = dtype !== null && /^int/.test(dtype);
  // A bias of 32 bits has no zero point at all (onnx operator schema of QLinearConv).
  const shifted = (zeroPoints ?? []).flatMap((zero, i) => (zero === 0 ? [] : [i]));
  const [one] = shifted;
  if (one !== undefined && signed && (role === 'weight' || dtype === 'int32')) {
    const zero = zeroPoints?.[one] ?? 0;
    // Channels have ranges of their own: one shift for all of them cannot follow from the weights.
    const isShared = many && (zeroPoints ?? []).every((z) => z === zero);
    found.push(record(place, isShared ? 'zero-point-shared' : 'zero-point-asymmetric', many ? shifted : [], zero));
  }
  return found;
}

/** The integers of a weight, zero points taken off, by the channel that an element belongs to. */
interface ChannelView {
  readonly integers: ArrayLike<number>;
  /** Channels by scale where there are several scales, else output channels of the operator. */
  readonly count: number;
  readonly of: (element: number) => number;
  readonly scale: (channel: number) => number;
  readonly zero: (channel: number) => number;
  /** Largest |integer − zero point| of each channel. */
  readonly largest: Float64Array;
}

function readChannels(
  { scales, zeroPoints, axis, value, blockSize }: QuantisedPlace,
  tensor: TensorProto,
  flow: Flow,
  file: string,
): ChannelView | null {
  const integers = numbersIn(tensor, file);
  if (integers === null || scales === null || zeroPoints === null || blockSize > 0) return null;
  const dims = tensor.dims.map(Number);
  const several = scales.length > 1;
  if (several && (axis === null || dims[axis] !== scales.length)) return null;
  const { inner, count } =
    several && axis !== null
      ? { inner: dims.slice(axis + 1).reduce((n, d) => n * d, 1), count: scales.length }
      : channelsOf(value === null ? [] : finalUses(flow, value, dims.length), dims);
  const of = (i: number): number => Math.floor(i / inner) % count;
  const scale = (channel: number): number => scales[several ? channel : 0] ?? 0;
  const zero = (channel: number): number => zeroPoints[several ? channel : 0] ?? 0;
  const largest = new Float64Array(count);
  for (let i = 0; i < integers.length; i++) {
    const channel = of(i);
    const magnitude = Math.abs((integers[i] as number) - zero(channel));
    if (magnitude > (largest[channel] as number)) largest[channel] = magnitude;
  }
  return { integers, count, of, scale, zero, largest };
}

function gridFindings(place: QuantisedPlace, view: ChannelView): QuantisationFinding[] {
  const { dtype, scales } = place;
  const { integers, largest, count } = view;
  if ((dtype !== 'int8' && dtype !== 'uint8') || integers.length < MIN_ELEMENTS) return [];
  const found = clipped(place, view);
  const several = (scales?.length ?? 0) > 1;
  const most = largest.reduce((a, b) => Math.max(a, b), 0);
  const channels = Array.from(largest.keys());
  // A channel of zeros is a pruned one: without the reference nobody can tell.
  const used = channels.filter((c) => (largest[c] as number) > 0);
  if (most > 0 && most <= FOUR_BITS) found.push(record(place, 'grid-of-four-bits', [], most));
  else if (several || most < USED_AT_LEAST) {
    const coarse = used.filter((c) => (largest[c] as number) < USED_AT_LEAST);
    const value = Math.min(...coarse.map((c) => largest[c] as number));
    if (coarse.length > 0) found.push(record(place, 'scale-coarse', several ? coarse : [], several ? value : most));
  }
  if (!several && count > 1 && used.length > 0) {
    const small = used.filter((c) => most / (largest[c] as number) > SHARED_RATIO);
    const ratio = Math.max(...used.map((c) => most / (largest[c] as number)));
    if (small.length > 0) found.push(record(place, 'scale-shared', small, ratio));
  }
  return found;
}

/**
 * Channels with a heap of weights on the ends of the grid. Weights of few levels (binary, ternary) lie there rightly, and
 * so do channels whose last levels are as full as the ones before.
 */
function clipped(place: QuantisedPlace, view: ChannelView): QuantisationFinding[] {
  const { limits } = place;
  if (limits === null) return [];
  const { integers, count, of } = view;
  const total = new Float64Array(count);
  const ends = new Float64Array(count);
  const near = new Float64Array(count);
  for (let i = 0; i < integers.length; i++) {
    const channel = of(i);
    const level = integers[i] as number;
    const fromEnd = Math.min(level - limits.low, limits.high - level);
    total[channel] = (total[channel] as number) + 1;
    // −127 and −128 are both the lower end: symmetric quantisers leave −128 out.
    if (fromEnd <= (level < 0 ? 1 : 0)) ends[channel] = (ends[channel] as number) + 1;
    else if (fromEnd <= 9) near[channel] = (near[channel] as number) + 1;
  }
  const share = (c: number): number => (ends[c] as number) / (total[c] as number);
  const heaped = Array.from(total.keys()).filter(
    (c) =>
      (ends[c] as number) >= MIN_CLIPPED &&
      share(c) >= CLIPPED_SHARE &&
      // More on the last level than on the eight before it together, which are there at all.
      (ends[c] as number) > (near[c] as number) &&
      (near[c] as number) > 0,
  );
  if (heaped.length === 0) return [];
  return [record(place, 'weight-clipped', count > 1 ? heaped : [], Math.max(...heaped.map(share)))];
}

function distance(
  place: QuantisedPlace,
  { integers, count, of, scale, zero, largest }: ChannelView,
  reference: string,
  weights: ArrayLike<number>,
): QuantisationFinding[] {
  const { limits } = place;
  const error = new Float64Array(count);
  const peak = new Float64Array(count);
  for (let i = 0; i < integers.length; i++) {
    const channel = of(i);
    const weight = weights[i] as number;
    const level = integers[i] as number;
    const apart = Math.abs((level - zero(channel)) * scale(channel) - weight);
    // A zero point that was rounded itself moves the ends of the grid by up to half a step more.
    const atEnd = zero(channel) !== 0 && (level === limits?.low || level === limits?.high);
    const by = atEnd ? Math.max(apart - scale(channel) / 2, 0) : apart;
    // NaN is as far away as can be, and compares false with everything.
    if (!(by <= (error[channel] as number))) error[channel] = Number.isNaN(by) ? Number.POSITIVE_INFINITY : by;
    if (Math.abs(weight) > (peak[channel] as number)) peak[channel] = Math.abs(weight);
  }
  const channels = Array.from(error.keys());
  const steps = (c: number): number => (error[c] as number) / Math.abs(scale(c));
  const dead = DEAD * peak.reduce((a, b) => Math.max(a, b), 0);
  const lost = channels.filter((c) => largest[c] === 0 && (peak[c] as number) > dead);
  const apart = channels.filter(
    (c) => !lost.includes(c) && !(steps(c) <= 0.5 + ROUNDING * (1 + (largest[c] as number))),
  );
  const worst = (of: readonly number[], value: (c: number) => number): number => Math.max(...of.map(value));
  return [
    ...(lost.length === 0
      ? []
      : [
          {
            ...record(
              place,
              'channel-lost',
              lost,
              worst(lost, (c) => peak[c] as number),
            ),
            reference,
          },
        ]),
    ...(apart.length === 0
      ? []
      : [{ ...record(place, 'weights-differ', count > 1 ? apart : [], worst(apart, steps)), reference }]),
  ];
}

const dequantised = ({ integers, of, scale, zero }: ChannelView): Float64Array =>
  Float64Array.from(integers, (level, i) => (level - zero(of(i))) * scale(of(i)));
