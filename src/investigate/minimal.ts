/**
 * A smallest part of `items` that still explains what all of them explain: each that is not needed is left out, halves
 * first (delta debugging, Zeller and Hildebrandt 2002), so that many differences of which one counts take few runs.
 * `share` runs an experiment with some of them.
 */
export async function minimal<T>(
  items: readonly T[],
  share: (some: readonly T[]) => Promise<number>,
  enough: number,
): Promise<readonly T[]> {
  let kept = [...items];
  let parts = 2;
  while (kept.length > 1) {
    const size = Math.ceil(kept.length / parts);
    const chunks = Array.from({ length: Math.ceil(kept.length / size) }, (_, i) =>
      kept.slice(i * size, (i + 1) * size),
    );
    const smaller = (await first(chunks, share, enough)) ?? (await first(complements(chunks), share, enough));
    if (smaller !== undefined) {
      kept = smaller;
      parts = 2;
    } else if (parts >= kept.length) break;
    else parts = Math.min(kept.length, parts * 2);
  }
  return kept;
}

const complements = <T>(chunks: readonly T[][]): T[][] =>
  chunks.length < 3 ? [] : chunks.map((_, i) => chunks.filter((__, j) => j !== i).flat());

async function first<T>(
  choices: readonly T[][],
  share: (some: readonly T[]) => Promise<number>,
  enough: number,
): Promise<T[] | undefined> {
  for (const choice of choices) if ((await share(choice)) >= enough) return choice;
  return undefined;
}
