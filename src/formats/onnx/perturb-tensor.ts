import { random } from '../../core/random.ts';
import type { PerturbStep } from '../../records/variant.ts';
import type { Source } from '../../tensor/bytes.ts';
import { BYTES_PER_ELEMENT } from '../../tensor/dtype.ts';
import { type FloatDtype, floatsOf, moveBy, moveByUlps, trits, UNIT_ROUNDOFF } from '../../tensor/move.ts';
import type { Channels } from './movable.ts';
import { inPieces } from './tensor-data.ts';

/** Levels of a symmetric 8-bit grid on either side of zero: −127 … 127. */
const INT8_LEVELS = 127;

/** Moves the next piece of a tensor in place, in order, and tells how many elements moved. */
export type Mover = (piece: Uint8Array) => number;

/**
 * Whether a tensor is a mask or one-hot table: at most two distinct values, zero among them. Those are exact in every
 * precision; −1e9 an ulp lower is no rounding error that any conversion makes.
 */
export function isMask(source: Source, size: number, dtype: FloatDtype): boolean {
  let other = 0;
  let mask = true;
  let zero = false;
  inPieces(source, size, (piece) => {
    for (const value of floatsOf(dtype, piece)) {
      if (value === 0) zero = true;
      else if (other === 0 || Object.is(other, value)) other = value;
      else mask = false;
      if (!mask) break;
    }
    return mask;
  });
  return mask && zero;
}

/** Whether every element is a whole number. */
export function isWhole(source: Source, size: number, dtype: FloatDtype): boolean {
  let whole = true;
  inPieces(source, size, (piece) => {
    whole = floatsOf(dtype, piece).every((value) => Number.isInteger(value));
    return whole;
  });
  return whole;
}

/**
 * How to move a tensor by one step, its random numbers drawn from `seed` and `key` alone. `read` is asked for the tensor's
 * bytes where the step depends on them. A tensor whose own grid is no finer than that of the step moves by −1, 0 or +1 of
 * its own ulps: it cannot move by less.
 *
 * `float32`: −1, 0 or +1 ulp; for a double an ulp of float32, or its own where the model works in double (`grid`).
 * `float16`, `bfloat16`: x·(1 + δ), δ uniform within ± unit roundoff (2^−11, 2^−8).
 * `int8`: uniform within ± half a step, step = max|w| / 127 per channel. Zeros stay, as a symmetric grid has them; where
 * no element is negative (a variance) none becomes zero or less.
 */
export function moverFor(
  dtype: FloatDtype,
  { step, seed, key, grid }: { step: PerturbStep; seed: number; key: string; grid: 'float32' | 'float64' },
  channels: Channels,
  read: <T>(use: (source: Source, size: number) => T) => T,
): Mover {
  const draws = random('perturb-weights', seed, key);
  if (step === 'int8') return halfSteps(dtype, channels, read, draws.uniform);
  if (step === 'float32' && dtype === 'float64') {
    const next = trits(draws);
    return (piece) => moveByUlps(piece, dtype, next, grid === 'float64' ? 'own' : 'float32');
  }
  if (UNIT_ROUNDOFF[dtype] >= UNIT_ROUNDOFF[step]) {
    const next = trits(draws);
    return (piece) => moveByUlps(piece, dtype, next);
  }
  const roundoff = UNIT_ROUNDOFF[step];
  const { uniform } = draws;
  return (piece) => moveBy(piece, dtype, (value) => value * (1 + roundoff * (2 * uniform() - 1)));
}

function halfSteps(
  dtype: FloatDtype,
  { inner, count }: Channels,
  read: <T>(use: (source: Source, size: number) => T) => T,
  uniform: () => number,
): Mover {
  const width = BYTES_PER_ELEMENT[dtype];
  const largest = new Float64Array(count);
  let negative = false;
  read((source, size) =>
    inPieces(source, size, (piece, offset) => {
      const values = floatsOf(dtype, piece);
      const first = offset / width;
      for (let i = 0; i < values.length; i++) {
        const value = values[i] as number;
        const magnitude = Math.abs(value);
        const channel = Math.floor((first + i) / inner) % count;
        negative ||= value < 0;
        if (magnitude > (largest[channel] as number) && magnitude < Number.POSITIVE_INFINITY)
          largest[channel] = magnitude;
      }
      return true;
    }),
  );
  let done = 0;
  return (piece) => {
    const first = done;
    done += piece.byteLength / width;
    return moveBy(piece, dtype, (value, i) => {
      const step = (largest[Math.floor((first + i) / inner) % count] as number) / INT8_LEVELS;
      const target = value + step * (uniform() - 0.5);
      return value === 0 || (!negative && target <= 0) ? value : target;
    });
  };
}
