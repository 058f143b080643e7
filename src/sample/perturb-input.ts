import { random } from '../core/random.ts';
import type { InputPlan, InputRole } from '../records/rules.ts';
import type { PerturbStep } from '../records/variant.ts';
import { isFloat } from '../tensor/dtype.ts';
import { type FloatDtype, floatsOf, moveBy, moveByUlps, trits, UNIT_ROUNDOFF } from '../tensor/move.ts';
import type { Tensor } from '../tensor/tensor.ts';

/** Roles whose values are counted, compared or looked up: another value is another question, not the same one rounded. */
const EXACT: ReadonlySet<InputRole> = new Set([
  ...(['mask', 'lengths', 'index', 'token-ids', 'one-hot', 'timestep', 'sorted', 'boolean', 'divisor'] as const),
]);

/** Levels of an asymmetric 8-bit grid over a range. */
const INT8_STEPS = 255;

export interface InputMove {
  readonly step: PerturbStep;
  readonly seed: number;
  /** Sample and input. */
  readonly key: readonly string[];
  readonly grid?: 'float32' | 'float64';
}

/**
 * A copy of an input tensor moved by one step at random, or the tensor itself where it has none: integers, booleans,
 * strings; roles that must be exact; listed legal values; tensors of whole numbers (images of 0 … 255, zeros, ones).
 *
 * `float32`: −1, 0 or +1 ulp, for float64 an ulp of float32 unless `grid` says otherwise. `float16`, `bfloat16`: x·(1 + δ),
 * δ uniform within ± unit roundoff (2^−11, 2^−8). A tensor of no finer dtype than the step moves by −1, 0 or +1 of its own
 * ulps. `int8`: uniform within ± half of 1/255 of the tensor's own range.
 *
 * A zero has no ulp: it moves by −1, 0 or +1 times 2^−24 (for half dtypes their own unit roundoff) of the tensor's rms,
 * except where more than half of the elements are zeros, which are then padding. Infinities and NaN stay, and what would
 * leave the plan's `range` stays as well.
 */
export function perturbInput(tensor: Tensor, plan: InputPlan | undefined, move: InputMove): Tensor {
  const { dtype } = tensor;
  if (!isFloat(dtype) || (plan !== undefined && isExact(plan))) return tensor;
  const float = dtype as FloatDtype;
  const old = floatsOf(float, tensor.data);
  const seen = look(old);
  if (seen.whole) return tensor;
  const data = tensor.data.slice();
  const draws = random('perturb-sample', move.seed, ...move.key);
  moveNumbers(data, float, move, seen.high - seen.low, draws);
  if (seen.zeros > 0 && seen.zeros <= old.length / 2) {
    const next = trits(random('perturb-zeros', move.seed, ...move.key));
    const unit = Math.max(UNIT_ROUNDOFF.float32, UNIT_ROUNDOFF[float]) * seen.rms;
    moveBy(data, float, (value, i) => (old[i] === 0 ? unit * next() : value));
  }
  if (plan?.range !== undefined) keepWithin(data, tensor, float, plan.range);
  return { dtype, shape: tensor.shape, data };
}

const isExact = ({ role, values, name }: InputPlan): boolean =>
  values !== undefined || (role === undefined ? /mask/i.test(name) : EXACT.has(role));

interface Seen {
  /** Every element is a whole number; so is a tensor without finite elements. */
  readonly whole: boolean;
  readonly zeros: number;
  readonly low: number;
  readonly high: number;
  readonly rms: number;
}

function look(values: Float32Array | Float64Array): Seen {
  let whole = true;
  let zeros = 0;
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  let squares = 0;
  let count = 0;
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    whole &&= Number.isInteger(value);
    if (value === 0) zeros++;
    if (value < low) low = value;
    if (value > high) high = value;
    squares += value * value;
    count++;
  }
  return { whole, zeros, low, high, rms: Math.sqrt(squares / Math.max(count, 1)) };
}

/** All numbers but zeros, in place. */
function moveNumbers(
  data: Uint8Array,
  dtype: FloatDtype,
  { step, grid }: InputMove,
  range: number,
  draws: ReturnType<typeof random>,
): void {
  if (step === 'int8') {
    const half = range / INT8_STEPS / 2;
    moveBy(data, dtype, (value) => {
      const by = half * (2 * draws.uniform() - 1);
      return value === 0 ? value : value + by;
    });
  } else if (UNIT_ROUNDOFF[dtype] >= UNIT_ROUNDOFF[step] || step === 'float32') {
    moveByUlps(data, dtype, trits(draws), grid === 'float64' ? 'own' : 'float32');
  } else {
    moveBy(data, dtype, (value) => value * (1 + UNIT_ROUNDOFF[step] * (2 * draws.uniform() - 1)));
  }
}

/** Takes back moves that left the legal range; what lay outside before may go where it likes. */
function keepWithin(
  data: Uint8Array,
  { data: before }: Tensor,
  dtype: FloatDtype,
  [low, high]: readonly number[],
): void {
  const [from, to] = [low ?? Number.NEGATIVE_INFINITY, high ?? Number.POSITIVE_INFINITY];
  const old = floatsOf(dtype, before);
  moveBy(data, dtype, (value, i) => {
    const was = old[i] as number;
    const left = (value < from && was >= from) || (value > to && was <= to);
    return left ? was : value;
  });
}
