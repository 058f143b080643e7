import { contains, unitBounds } from './fill.ts';
import type { Generator } from './generator.ts';

/** One element apart from all others in each row: shows the receptive field, shifted padding and swapped rows. */
export const impulse: Generator = {
  name: 'impulse',
  reals: (out, domain, { shape, random }) => {
    const [low, high] = unitBounds(domain);
    const background = contains(domain, 0) ? 0 : low;
    out.fill(background);
    for (const at of onePerRow(out.length, shape, random)) out[at] = high;
    return high !== background;
  },
  choices: (out, { size, indexOf }, { shape, random }) => {
    const background = Math.max(indexOf(0), 0);
    const peak = background === size - 1 ? 0 : size - 1;
    out.fill(background);
    for (const at of onePerRow(out.length, shape, random)) out[at] = peak;
    return peak !== background;
  },
};

function onePerRow(
  length: number,
  shape: readonly number[],
  random: { integer: (low: number, high: number) => number },
): number[] {
  const rows = shape.length > 1 ? (shape[0] as number) : 1;
  if (length === 0) return [];
  const width = length / rows;
  return Array.from({ length: rows }, (_, row) => row * width + random.integer(0, width - 1));
}
