import type { Choices, Reals } from '../domain.ts';
import type { Target } from './generator.ts';

export const contains = ({ low, high }: Reals, value: number): boolean => low <= value && value <= high;

/** The bounds, with those of the unit scale where the user gave none. */
export const unitBounds = ({ low, high }: Reals): readonly [number, number] => {
  if (Number.isFinite(low) && Number.isFinite(high)) return [low, high];
  if (Number.isFinite(low)) return [low, low + 2];
  return Number.isFinite(high) ? [high - 2, high] : [-1, 1];
};

/** Fills with `value` where it is legal. */
export function constantReals(value: number) {
  return (out: Float64Array, domain: Reals): boolean => {
    out.fill(value);
    return contains(domain, value);
  };
}

export function constantChoices(value: number) {
  return (out: Float64Array, domain: Choices): boolean => {
    const index = domain.indexOf(value);
    out.fill(Math.max(index, 0));
    return index >= 0;
  };
}

/** Fills with independent choices, each legal value as likely as any other. */
export function anyChoice(out: Float64Array, { size }: Choices, { random }: Target): boolean {
  for (let i = 0; i < out.length; i++) out[i] = random.integer(0, size - 1);
  return true;
}

/** Normal numbers times `scale`, folded to the legal side of zero where only one side is legal, then clipped. */
export function scaledNormal(out: Float64Array, { low, high }: Reals, { random }: Target, scale: number): void {
  random.fillNormal(out);
  for (let i = 0; i < out.length; i++) {
    let x = (out[i] as number) * scale;
    if (low >= 0) x = Math.abs(x);
    else if (high <= 0) x = -Math.abs(x);
    out[i] = Math.min(Math.max(x, low), high);
  }
}
