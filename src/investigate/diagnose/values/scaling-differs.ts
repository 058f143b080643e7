import { toFloat64 } from '../../../tensor/values.ts';
import { byValue } from './by-value.ts';
import { fitLine, plain } from './numbers.ts';
import type { Claim } from './support.ts';

/** A factor that lies closer to 1 than this share of the error is none; likewise an offset to 0. */
const NOTHING = 1e-9;

/**
 * candidate = factor · reference + offset, by least squares over all values: one factor and one offset for a whole tensor.
 * Others for each channel would be what a weight, a bias or a normalisation does, and is looked for there.
 */
export const scalingDiffers = byValue('scaling-differs', ['scaling-differs'], ({ reference, candidate }) => {
  // The integers of a quantised tensor are a scaled copy by their nature.
  if (/int|bool/.test(candidate.dtype) !== /int|bool/.test(reference.dtype)) return [];
  const [a, b] = [toFloat64(reference), toFloat64(candidate)];
  if (a.length !== b.length) return [];
  const line = fitLine(a, b);
  if (line === null || Math.abs(line.factor) < NOTHING) return [];
  const ratio = proportion(a, b);
  const both = claim(line.factor, line.offset, 2);
  return [...(ratio === null ? [] : [claim(ratio, 0, 1)]), claim(1, shift(a, b), 1), both];
});

function claim(factor: number, offset: number, parameters: number): Claim {
  const shifted = offset === 0 ? '' : ` and ${plain(offset)} added`;
  return {
    code: 'scaling-differs',
    args: { factor: plain(factor), offset: plain(offset) },
    experiment: `with the reference's values times ${plain(factor)}${shifted}`,
    parameters,
    sides: ({ reference, candidate }) => [toFloat64(reference).map((x) => factor * x + offset), toFloat64(candidate)],
  };
}

/** Least squares through the origin. */
function proportion(a: Float64Array, b: Float64Array): number | null {
  let squares = 0;
  let products = 0;
  for (let i = 0; i < a.length; i++) {
    const [x, y] = [a[i] as number, b[i] as number];
    if (!Number.isFinite(x) || !Number.isFinite(y)) continue;
    squares += x * x;
    products += x * y;
  }
  return squares > 0 && Math.abs(products) > NOTHING * squares ? products / squares : null;
}

function shift(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  let count = 0;
  for (let i = 0; i < a.length; i++) {
    const d = (b[i] as number) - (a[i] as number);
    if (!Number.isFinite(d)) continue;
    sum += d;
    count += 1;
  }
  return count === 0 ? 0 : sum / count;
}
