// The least noise on all weights that onpar still catches, for each base: a bisection over powers of two.
import { judge } from './judges.js';

/**
 * Base -> the exponent of the smallest relative noise that is caught; null where even the largest is not. Every round asks
 * one level of each base in one suite: the levels between the largest that passed and the smallest that was caught are
 * halved, which takes more noise to be no harder to see.
 */
export function smallestNoise({ place, bases, noise, pairs }, say) {
  const started = Date.now();
  const searches = Object.entries(noise).map(([name, levels]) => ({ name, levels, low: -1, high: levels.length }));
  const references = new Map(pairs.map((pair) => [pair.base, pair.reference]));
  for (let round = 1; ; round++) {
    const open = searches.filter(({ low, high, name }) => high - low > 1 && references.has(name));
    if (open.length === 0) break;
    const asked = open.map((search) => {
      const middle = (search.low + search.high) >> 1;
      const { level, candidate } = search.levels[middle];
      const id = `${search.name}--noise${level}`;
      return {
        search,
        middle,
        id,
        base: search.name,
        reference: references.get(search.name),
        candidate,
        precision: 'float32',
      };
    });
    const answers = new Map(judge(place, bases, asked, `noise-${round}`));
    for (const { search, middle, id } of asked) search[answers.get(id).alarm ? 'high' : 'low'] = middle;
    say(`noise: round ${round}, ${((Date.now() - started) / 1000).toFixed(0)} s`);
  }
  return Object.fromEntries(searches.map(({ name, levels, high }) => [name, levels[high]?.level ?? null]));
}
