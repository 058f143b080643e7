import type { OutputComparison } from '../../records/comparison.ts';
import type { IoContract } from '../../records/contract.ts';
import { fromNum } from '../../records/numbers.ts';
import { isFloat } from '../../tensor/dtype.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { toFloat64 } from '../../tensor/values.ts';
import { lessPrecise } from '../tolerance/dtype-table.ts';
import { autoBounds } from '../tolerance/limits.ts';
import { rms, within } from '../values/kernel.ts';

/**
 * Whether two answers of one model to one sample are the same but for rounding. `first` is the one that counts. The
 * measured noise floor can be plugged in here; the defaults below stand in where none was measured.
 */
export type Agrees = (output: string, sample: string, first: Tensor, second: Tensor) => boolean;

/** The same dtype, shape and bits. */
export function isIdentical(first: Tensor, second: Tensor): boolean {
  if (first.dtype !== second.dtype || !sameShape(first, second)) return false;
  if (first.dtype === 'string') return JSON.stringify(first.strings) === JSON.stringify(second.strings);
  return Buffer.compare(first.data, second.data) === 0;
}

export const sameShape = (a: Tensor, b: Tensor): boolean =>
  a.shape.length === b.shape.length && a.shape.every((d, i) => d === b.shape[i]);

/** Share of the output's rms up to which a float32 model that sums in another order may answer differently. */
const STEADY_SHARE = 1e-4;
/** Roundings that pile up in a model of half precision, in units of its roundoff u: 2^-11 and 2^-8. */
const HALF_SHARE = { float16: 16 * 2 ** -11, bfloat16: 16 * 2 ** -8 } as const;

/**
 * Floats to a share of the output's rms: 1e-4, or 16 u of a lower precision. Far above what another order of sums does to
 * healthy networks, far below what a dropped unit or a random number does. Everything that is no float must be equal.
 */
export const agreesToShare: Agrees = (_output, _sample, first, second) =>
  agreesWithin(first, second, (scale) => {
    const { dtype } = first;
    const share = dtype === 'float16' || dtype === 'bfloat16' ? HALF_SHARE[dtype] : STEADY_SHARE;
    // An output of zeros has no scale; there the smallest normal float32 is as good as zero.
    return { atol: Math.max(share * scale, 2 ** -126), rtol: 0 };
  });

/**
 * What taking the scales of activations from each batch may do to a row: they lie on a grid of 2^8 steps over their range,
 * half a step is 2^-9 of it, and the range is a few times their rms. So about 2^-8, piled up 16-fold as in half precision.
 */
const BATCH_RANGE_SHARE = 16 * 2 ** -8;

/** For a candidate of declared precision `dynamic-range`: another batch has other scales. All that is no float must be equal. */
export const agreesToBatchRanges: Agrees = (_output, _sample, first, second) =>
  agreesWithin(first, second, (scale) => ({ atol: Math.max(BATCH_RANGE_SHARE * scale, 2 ** -126), rtol: 0 }));

/** Floats to the dtype's table, its absolute part scaled by the output's rms (tolerance/limits.ts). All else must be equal. */
export const agreesToTable: Agrees = (_output, _sample, first, second) =>
  agreesWithin(first, second, (scale) =>
    autoBounds({ dtype: lessPrecise(first.dtype, second.dtype), scale, outputScale: scale, referenceStep: 0 }),
  );

/**
 * Floats to the measured noise floor times its limit, outputs called as either side calls them; where none was measured,
 * to the dtype's table.
 */
export function agreesToFloor(outputs: readonly OutputComparison[]): Agrees {
  const floors = new Map(
    outputs.flatMap(({ name, candidateName, rounding, samples }) =>
      samples.flatMap(({ sample, floor }) => {
        if (floor === null || rounding?.limit == null) return [];
        const bound = fromNum(floor) * fromNum(rounding.limit);
        return [name, candidateName ?? name].map((n) => [JSON.stringify([n, sample]), bound] as const);
      }),
    ),
  );
  return (output, sample, first, second) => {
    const bound = floors.get(JSON.stringify([output, sample]));
    return bound === undefined
      ? agreesToTable(output, sample, first, second)
      : agreesWithin(first, second, () => ({ atol: bound, rtol: 0 }));
  };
}

function agreesWithin(
  first: Tensor,
  second: Tensor,
  boundsAt: (scale: number) => { atol: number; rtol: number },
): boolean {
  if (isIdentical(first, second)) return true;
  if (!isFloat(first.dtype) || first.dtype !== second.dtype || !sameShape(first, second)) return false;
  const [a, b] = [toFloat64(first), toFloat64(second)];
  const scale = rms(a);
  return within(a, b, boundsAt(Number.isNaN(scale) ? 0 : scale));
}

/** As `agrees`; integers that stand for real numbers may also lie one step of their grid apart, which is their rounding. */
export const orOneStep =
  (agrees: Agrees, quantised: readonly string[]): Agrees =>
  (output, sample, first, second) =>
    agrees(output, sample, first, second) ||
    (quantised.includes(output) &&
      first.dtype === second.dtype &&
      (distanceOf(first, second).maxAbs ?? Number.POSITIVE_INFINITY) <= 1);

/** Outputs that come as integers on a grid of real numbers. */
export const quantisedOutputs = (contract: IoContract | null): string[] =>
  (contract?.outputs ?? []).flatMap(({ name, quantization }) => (quantization === undefined ? [] : [name]));

/** How far two answers lie apart. */
export interface Distance {
  /** Largest |second − first| of elements that are finite on both sides; null where none are numbers, or shapes differ. */
  readonly maxAbs: number | null;
  /** rms of `first`; null likewise. */
  readonly scale: number | null;
}

export function distanceOf(first: Tensor, second: Tensor): Distance {
  if (first.dtype === 'string' || second.dtype === 'string' || !sameShape(first, second))
    return { maxAbs: null, scale: null };
  const [a, b] = [toFloat64(first), toFloat64(second)];
  let maxAbs = 0;
  for (let i = 0; i < a.length; i++) {
    const d = Math.abs((b[i] as number) - (a[i] as number));
    if (d > maxAbs && Number.isFinite(d)) maxAbs = d;
  }
  const scale = rms(a);
  return { maxAbs, scale: Number.isNaN(scale) ? null : scale };
}
