import type { Random } from '../core/random.ts';
import type { Distribution } from '../records/rules.ts';

/** Deviations to either side that count as legal: one draw in a thousand million lies beyond six. */
const DEVIATIONS = 6;

/** Where the values of a distribution lie, for the generators that go to the ends of what is legal. */
export function spanOf(distribution: Distribution): [number, number] {
  if ('normal' in distribution) {
    const { mean, std } = distribution.normal;
    return [mean - DEVIATIONS * std, mean + DEVIATIONS * std];
  }
  if ('uniform' in distribution) return [distribution.uniform.low, distribution.uniform.high];
  if ('lognormal' in distribution) {
    const { mean, sigma } = distribution.lognormal;
    return [0, Math.exp(mean + DEVIATIONS * sigma)];
  }
  // P(X > x) = exp(−rate · x), a thousand millionth at 20.7 / rate.
  return [0, 20.7 / distribution.exponential.rate];
}

/** Fills with independent draws. */
export function draw(out: Float64Array, distribution: Distribution, random: Random): void {
  if ('normal' in distribution || 'lognormal' in distribution) {
    const isLog = 'lognormal' in distribution;
    const [mean, deviation] = isLog
      ? [distribution.lognormal.mean, distribution.lognormal.sigma]
      : [distribution.normal.mean, distribution.normal.std];
    random.fillNormal(out);
    for (let i = 0; i < out.length; i++) {
      const x = mean + deviation * (out[i] as number);
      out[i] = isLog ? Math.exp(x) : x;
    }
    return;
  }
  for (let i = 0; i < out.length; i++) {
    const u = random.uniform();
    if ('uniform' in distribution) out[i] = distribution.uniform.low * (1 - u) + distribution.uniform.high * u;
    else out[i] = -Math.log(u) / distribution.exponential.rate;
  }
}
