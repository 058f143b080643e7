import type { DiagnosisCode } from '../../../core/diagnosis-catalogue.ts';
import { fromBfloat16Bits, fromFloat16Bits, toBfloat16Bits, toFloat16Bits } from '../../../tensor/half.ts';
import { elementCount } from '../../../tensor/tensor.ts';
import type { BatchNorm, Linear } from './layer.ts';
import { folded } from './layer.ts';

/** How weights differ, as a cause. */
export interface WeightCause {
  readonly code: DiagnosisCode;
  readonly args: Readonly<Record<string, unknown>>;
  readonly words: string;
}

/** Up to this share of the channels (and at least one of four) counts as "one channel, or a few". */
const FEW = 0.15;

/**
 * How a candidate's layer differs from the reference's, most specific answer first; null: it does not, or they are no
 * counterparts. `norm`: the batch normalisation of the reference that the candidate has folded in. `same`: what storing a weight
 * may cost, relative to the rms of its layer.
 */
export function weightCause(
  reference: Linear,
  candidate: Linear,
  norm: BatchNorm | undefined,
  same: number,
): WeightCause | null {
  const whole = norm === undefined ? reference : folded(reference, norm);
  if (whole.outputs !== candidate.outputs || whole.weight.length !== candidate.weight.length) return null;
  const weights = rowErrors(whole, candidate);
  const biases = biasErrors(whole, candidate);
  const [badWeights, badBiases] = [wrong(weights, same), wrong(biases, same)];
  if (badWeights.length === 0 && badBiases.length === 0) return null;
  if (badWeights.length === 0) return biasCause(reference, whole, candidate, norm, badBiases, same);
  return (
    (norm === undefined ? null : epsilonCause(reference, candidate, norm, same)) ??
    channelCause(badWeights, badBiases, whole.outputs) ??
    orderCause(whole, candidate, same) ??
    narrowed(whole, candidate, same) ??
    other(whole, candidate)
  );
}

const wrong = (errors: readonly number[], same: number): number[] =>
  [...errors.keys()].filter((i) => (errors[i] as number) > same);

/** Error of each row relative to the rms of all weights of the layer. */
function rowErrors(a: Linear, b: Linear): number[] {
  const width = elementCount(a.inner);
  const size = rms(a.weight);
  return Array.from({ length: a.outputs }, (_, o) => {
    let most = 0;
    for (let i = o * width; i < (o + 1) * width; i++)
      most = Math.max(most, Math.abs((a.weight[i] as number) - (b.weight[i] as number)));
    return most / size;
  });
}

function biasErrors(a: Linear, b: Linear): number[] {
  const size = rms(a.bias ?? new Float64Array(1)) || rms(b.bias ?? new Float64Array(1));
  return Array.from({ length: a.outputs }, (_, o) => Math.abs((a.bias?.[o] ?? 0) - (b.bias?.[o] ?? 0)) / size);
}

function biasCause(
  reference: Linear,
  whole: Linear,
  candidate: Linear,
  norm: BatchNorm | undefined,
  bad: readonly number[],
  same: number,
): WeightCause {
  const isZero = candidate.bias === null || candidate.bias.every((b) => b === 0);
  if (isZero) return { code: 'bias-dropped', args: {}, words: 'its bias is zero' };
  if (norm !== undefined && reference.bias !== null) {
    const without = folded({ ...reference, bias: null }, norm);
    if (wrong(biasErrors(without, candidate), same).length === 0)
      return { code: 'bias-dropped', args: {}, words: 'the bias in front of the normalisation is left out' };
  }
  if (norm?.beta != null && wrong(biasErrors(folded(reference, { ...norm, beta: null }), candidate), same).length === 0)
    return { code: 'bias-dropped', args: {}, words: 'the shift of the normalisation is left out' };
  if (isFew(bad.length, whole.outputs))
    return {
      code: 'channel-corrupted',
      args: { channels: bad.join(', ') },
      words: 'its bias differs in these channels alone',
    };
  return {
    code: 'weights-differ',
    args: { relative: short(apart(whole.bias, candidate.bias)) },
    words: 'its bias is another',
  };
}

/** The factor of each channel follows from one other epsilon: γ²/s² − variance is the same number everywhere. */
function epsilonCause(reference: Linear, candidate: Linear, norm: BatchNorm, same: number): WeightCause | null {
  const width = elementCount(reference.inner);
  const found: number[] = [];
  for (let o = 0; o < reference.outputs; o++) {
    let [rc, rr] = [0, 0];
    for (let i = o * width; i < (o + 1) * width; i++) {
      rc += (reference.weight[i] as number) * (candidate.weight[i] as number);
      rr += (reference.weight[i] as number) ** 2;
    }
    const factor = rc / rr;
    if (!(rr > 0) || factor === 0) continue;
    found.push(((norm.gamma?.[o] ?? 1) / factor) ** 2 - (norm.variance[o] as number));
  }
  const epsilon = [...found].sort((a, b) => a - b)[Math.floor(found.length / 2)];
  if (epsilon === undefined || !(epsilon > 0) || epsilon > 1) return null;
  const again = folded(reference, { ...norm, epsilon });
  if (wrong(rowErrors(again, candidate), same).length > 0 || wrong(biasErrors(again, candidate), same).length > 0)
    return null;
  return {
    code: 'epsilon-differs',
    args: { from: norm.epsilon, to: Number(epsilon.toPrecision(3)) },
    words: 'its weights have another epsilon folded in',
  };
}

const isFew = (count: number, of: number): boolean =>
  count < of && count <= Math.max(of >= 4 ? 1 : 0, Math.floor(of * FEW));

function channelCause(weights: readonly number[], biases: readonly number[], of: number): WeightCause | null {
  const bad = [...new Set([...weights, ...biases])].sort((a, b) => a - b);
  if (!isFew(bad.length, of)) return null;
  return {
    code: 'channel-corrupted',
    args: { channels: bad.join(', ') },
    words: 'these rows of its weight differ, all others agree',
  };
}

/** The same numbers elsewhere: rows or columns in another order, a window turned round, axes exchanged. */
function orderCause(whole: Linear, candidate: Linear, same: number): WeightCause | null {
  const { outputs, inner } = whole;
  const shape = [outputs, ...inner];
  const size = rms(whole.weight);
  const isSame = (values: Float64Array) =>
    values.every((v, i) => Math.abs(v - (candidate.weight[i] as number)) <= same * size);
  for (const axes of exchanges(shape))
    if (isSame(permuted(whole.weight, shape, axes)))
      return {
        code: 'layout-permuted',
        args: { permutation: axes.join(', ') },
        words: 'its weight has its axes exchanged',
      };
  // The same memory read as if its axes were the other way round.
  for (const axes of exchanges(shape))
    if (
      isSame(
        permuted(
          whole.weight,
          axes.map((a) => shape[a] as number),
          axes.map((_, i) => axes.indexOf(i)),
        ),
      )
    )
      return {
        code: 'layout-permuted',
        args: { permutation: axes.join(', ') },
        words: 'its weight was read in another order of axes',
      };
  for (let axis = 0; axis < shape.length; axis++) {
    const order = slicesOf(whole.weight, candidate.weight, shape, axis, same * size);
    if (order !== null)
      return {
        code: 'channel-order',
        args: { axis, order: order.join(', ') },
        words: 'slices of its weight stand in another order',
      };
  }
  const turned = turnedRound(whole.weight, shape);
  if (inner.length > 2 && isSame(turned))
    return {
      code: 'channel-order',
      args: { axis: 'the window', order: 'reversed' },
      words: 'its window is turned round',
    };
  return null;
}

/** Permutations of axes that exchange two of them. */
function exchanges(shape: readonly number[]): number[][] {
  const all: number[][] = [];
  for (let a = 0; a < shape.length; a++)
    for (let b = a + 1; b < shape.length; b++)
      if ((shape[a] as number) > 1 && (shape[b] as number) > 1)
        all.push(shape.map((_, i) => (i === a ? b : i === b ? a : i)));
  return all;
}

function permuted(values: Float64Array, shape: readonly number[], axes: readonly number[]): Float64Array {
  const to = axes.map((a) => shape[a] as number);
  const steps = axes.map((a) => elementCount(shape.slice(a + 1)));
  const sizes = to.map((_, i) => elementCount(to.slice(i + 1)));
  return Float64Array.from(
    values,
    (_, i) =>
      values[
        to.reduce((from, d, axis) => from + (Math.floor(i / (sizes[axis] as number)) % d) * (steps[axis] as number), 0)
      ] as number,
  );
}

/** Axes of the window all reversed. */
function turnedRound(values: Float64Array, shape: readonly number[]): Float64Array {
  const window = elementCount(shape.slice(2));
  return values.map((_, i) => values[Math.floor(i / window) * window + (window - 1 - (i % window))] as number);
}

/** Which slice of `a` along an axis each slice of `b` is, where each is another one; null where some is none. */
function slicesOf(
  a: Float64Array,
  b: Float64Array,
  shape: readonly number[],
  axis: number,
  tolerance: number,
): number[] | null {
  const count = shape[axis] as number;
  const inner = elementCount(shape.slice(axis + 1));
  const outer = elementCount(shape.slice(0, axis));
  if (count < 2 || inner * outer < 2) return null;
  const equal = (i: number, j: number) => {
    for (let o = 0; o < outer; o++)
      for (let k = 0; k < inner; k++)
        if (
          Math.abs((a[(o * count + i) * inner + k] as number) - (b[(o * count + j) * inner + k] as number)) > tolerance
        )
          return false;
    return true;
  };
  const order: number[] = [];
  for (let j = 0; j < count; j++) {
    const from = Array.from({ length: count }, (_, i) => i).find((i) => !order.includes(i) && equal(i, j));
    if (from === undefined) return null;
    order.push(from);
  }
  return order.every((o, i) => o === i) ? null : order;
}

const NARROW = {
  float16: (v: number) => fromFloat16Bits(toFloat16Bits(v)),
  bfloat16: (v: number) => fromBfloat16Bits(toBfloat16Bits(v)),
} as const;

/** Every weight is what the reference's becomes in a narrower type. */
function narrowed(whole: Linear, candidate: Linear, same: number): WeightCause | null {
  for (const [dtype, through] of Object.entries(NARROW)) {
    const size = rms(whole.weight);
    if (whole.weight.every((v, i) => Math.abs(through(v) - (candidate.weight[i] as number)) <= same * size))
      return {
        code: 'dtype-narrowed',
        args: { dtype },
        words: `its weights are those of the reference, rounded to ${dtype}`,
      };
  }
  return null;
}

const other = (whole: Linear, candidate: Linear): WeightCause => ({
  code: 'weights-differ',
  args: { relative: short(apart(whole.weight, candidate.weight)) },
  words: 'its weight is another',
});

/** ‖b − a‖ / ‖a‖ */
function apart(a: Float64Array | null, b: Float64Array | null): number {
  if (a === null) return Number.POSITIVE_INFINITY;
  let [parts, squares] = [0, 0];
  for (let i = 0; i < a.length; i++) {
    parts += ((b?.[i] ?? 0) - (a[i] as number)) ** 2;
    squares += (a[i] as number) ** 2;
  }
  return Math.sqrt(parts / squares);
}

function rms(values: Float64Array): number {
  let squares = 0;
  for (const v of values) squares += v * v;
  return Math.sqrt(squares / values.length) || 1;
}

const short = (n: number): number => Number(n.toPrecision(3));
