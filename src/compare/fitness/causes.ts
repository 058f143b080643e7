import type { Unsteady } from './repeats.ts';
import type { FitnessSide } from './side.ts';

/** What most likely makes a model answer differently, and what mends it, in words that complete a sentence. */
export function likelyCauses(
  { random, facts }: Pick<FitnessSide, 'random' | 'facts'>,
  worst: Unsteady | undefined,
): { readonly causes: readonly string[]; readonly remedy: string } {
  const changed = names(facts.changedState);
  const drewFrom = names(facts.drewFrom);
  if (random.length > 0) {
    const unseeded = random.filter(({ seeded }) => !seeded);
    const shown = (unseeded.length > 0 ? unseeded : random).slice(0, MAX_SHOWN);
    return {
      causes: shown.map(({ opType, node, seeded }) =>
        // A seed fixes where the numbers start, not that every run starts there: each run draws on.
        seeded
          ? `${opType} ${node} draws on from its seed with every run`
          : `${opType} ${node} draws random numbers without a seed`,
      ),
      remedy: 'export it in inference mode, or make the random numbers an input',
    };
  }
  if (changed.length > 0)
    return {
      causes: [`running it writes into ${shownNames(changed)}`],
      remedy: 'call .eval(), so that statistics are read and not updated, or keep counters out of the model',
    };
  if (drewFrom.length > 0 && worst?.differs === 'run')
    return {
      causes: [
        `it draws from the random generator of ${drewFrom.join(', ')} (dropout that is active, sampling, noise)`,
      ],
      remedy: 'switch that off (.eval() does not reach functional.dropout), or make the random numbers an input',
    };
  if (worst?.message != null)
    return { causes: ['a state that the first run leaves behind'], remedy: 'make every run independent of the last' };
  if (worst?.differs === 'process')
    return {
      causes: ['a seed or weights that differ from process to process (unsaved random weights, hash order)'],
      remedy: 'load trained weights, or seed the generator where the model is built',
    };
  return {
    causes: [
      'dropout that is active',
      'an unseeded random generator',
      'memory that is read before it is written',
      'state that is kept between runs',
    ],
    remedy: 'call .eval(), and make random numbers an input or draw them from a generator seeded inside the model',
  };
}

const names = (fact: unknown): string[] => (Array.isArray(fact) ? fact.map(String) : []);

const MAX_SHOWN = 3;

const shownNames = (names: readonly string[]): string =>
  names.length > MAX_SHOWN
    ? `${names.slice(0, MAX_SHOWN).join(', ')} and ${names.length - MAX_SHOWN} more`
    : names.join(', ');
