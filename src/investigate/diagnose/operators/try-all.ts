import { type Bench, tryEdits } from '../../experiment.ts';
import type { Question } from '../../scene.ts';
import type { Alternative, Fit } from './alternative.ts';
import type { Tried } from './choose.ts';
import { leastError } from './search.ts';

/** Experiments for one divergence at most: a Resize has about 70 settings, a region a few nodes. */
const MOST = 400;
/** Experiments at the same time: workers are few. */
const AT_ONCE = 4;
/** Once something explains all, only other causes that are about as simple are still worth a look. */
const ABOUT_AS_SIMPLE = 2;
/** A number that was searched for must explain nearly all: one free parameter explains a part of anything. */
export const FITTED_EXPLAINS = 0.99;
/** A coarse look that gains less than this is not worth the search. */
const PROMISING = 0.7;

const costOf = (a: Alternative): number => (a.told === true ? -1 : a.cost);

/** Tries alternatives, likeliest first, until all are tried, enough is known, or `isOver` says that the share of time is spent. */
export async function tryAll(
  question: Question,
  bench: Bench,
  alternatives: readonly Alternative[],
  isOver: () => boolean,
): Promise<Tried[]> {
  const queue = [...alternatives].sort((a, b) => costOf(a) - costOf(b)).slice(0, MOST);
  const tried: Tried[] = [];
  let complete: Alternative | undefined;
  while (queue.length > 0 && !isOver()) {
    const batch: Alternative[] = [];
    while (batch.length < AT_ONCE && queue.length > 0) {
      const next = queue.shift() as Alternative;
      if (complete === undefined || isWorthIt(next, complete)) batch.push(next);
    }
    const outcomes = await Promise.all(batch.map((a) => tryEdits(question, bench, a.edits, a.experiment)));
    for (const [i, outcome] of outcomes.entries()) {
      const alternative = batch[i] as Alternative;
      if (outcome === null) continue;
      tried.push({ alternative, outcome });
      if (outcome.explained === 1 && complete === undefined) complete = alternative;
    }
    if (complete?.told === true) break;
  }
  return tried;
}

/** The same cause again is no news; another one that changes much more is no rival. */
const isWorthIt = (next: Alternative, complete: Alternative): boolean =>
  next.code !== complete.code && costOf(next) <= costOf(complete) + ABOUT_AS_SIMPLE;

/** Searches for the number that explains most; undefined where none explains nearly all. */
export async function tryFit(question: Question, bench: Bench, fit: Fit): Promise<Tried | undefined> {
  const outcomes = new Map<number, Tried>();
  const found = await leastError(
    async (value) => {
      const alternative = fit.at(value);
      const outcome = await tryEdits(question, bench, alternative.edits, alternative.experiment);
      if (outcome === null) return Number.POSITIVE_INFINITY;
      outcomes.set(value, { alternative, outcome });
      return outcome.after;
    },
    { ...fit, isWorthIt: (least) => least < PROMISING * bench.before },
  );
  const tried = found === undefined ? undefined : outcomes.get(found.value);
  return tried !== undefined && tried.outcome.explained >= FITTED_EXPLAINS ? tried : undefined;
}
