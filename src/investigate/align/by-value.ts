import { type Agreement, agreementInAnyOrder } from './agreement.ts';
import type { Side } from './side.ts';
import { couldAgree } from './summary.ts';

export interface ValueMatch extends Agreement {
  readonly candidate: string;
}

/** Tensors of the candidate that are kept for one of the reference: an identity makes two, more say nothing new. */
const KEPT = 6;

/**
 * For each tensor of the reference those of the candidate that hold the same values, element by element, up to an order of
 * axes. Tensors that say nothing (scalars, masks, constants) are left out. Fingerprints come first: of 1,000 tensors on
 * either side only those of equal moments are read again.
 */
export function byValue(
  reference: Side,
  candidate: Side,
  tolerance: (tensor: string) => number,
): Map<string, ValueMatch[]> {
  const buckets = new Map<number, string[]>();
  for (const name of candidate.flowing) {
    const summary = candidate.summary(name);
    if (summary?.informative !== true) continue;
    const bucket = buckets.get(summary.count);
    if (bucket === undefined) buckets.set(summary.count, [name]);
    else bucket.push(name);
  }
  const found = new Map<string, ValueMatch[]>();
  for (const name of reference.flowing) {
    const summary = reference.summary(name);
    const value = reference.value(name);
    if (summary?.informative !== true || value === undefined) continue;
    const near = (buckets.get(summary.count) ?? []).filter((other) => {
      const theirs = candidate.summary(other);
      return theirs !== null && couldAgree(summary, theirs, tolerance(name));
    });
    const matches = near
      .slice(0, KEPT)
      .map((other): ValueMatch => {
        const theirs = candidate.value(other);
        if (theirs === undefined) return { candidate: other, error: Number.POSITIVE_INFINITY };
        return { candidate: other, ...agreementInAnyOrder(value, theirs, tolerance(name)) };
      })
      .filter(({ error }) => error <= tolerance(name));
    if (matches.length > 0)
      found.set(
        name,
        matches.toSorted((a, b) => Number(a.permutation !== undefined) - Number(b.permutation !== undefined)),
      );
  }
  return found;
}
