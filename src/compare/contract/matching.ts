/** `fits[i][j]`: whether reference i and candidate j can be the same output. */
export type Fits = readonly (readonly boolean[])[];

/** A perfect matching (candidate index by reference index), or null when there is none. Kuhn's augmenting paths. */
export function perfectMatching(fits: Fits): number[] | null {
  const size = fits.length;
  const owner = new Array<number>(size).fill(-1);
  const augment = (i: number, seen: Set<number>): boolean => {
    for (let j = 0; j < size; j++) {
      if (fits[i]?.[j] !== true || seen.has(j)) continue;
      seen.add(j);
      if (owner[j] === -1 || augment(owner[j] as number, seen)) {
        owner[j] = i;
        return true;
      }
    }
    return false;
  };
  for (let i = 0; i < size; i++) if (!augment(i, new Set())) return null;
  const matching = new Array<number>(size);
  owner.forEach((i, j) => {
    matching[i] = j;
  });
  return matching;
}

/** The references that another perfect matching would pair differently: empty when `matching` is the only one. */
export function ambiguous(fits: Fits, matching: readonly number[]): number[] {
  return matching.flatMap((j, i) => {
    const without = fits.map((row, k) => (k === i ? row.map((fit, column) => fit && column !== j) : row));
    return perfectMatching(without) === null ? [] : [i];
  });
}
