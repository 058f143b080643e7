/** Levenshtein distance, two rows at a time. */
function distance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min((previous[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, substitution));
    }
    previous = row;
  }
  return previous[b.length] ?? 0;
}

/** The allowed value that a typing mistake most likely meant; undefined when nothing is near. */
export function nearest(value: string, allowed: readonly string[]): string | undefined {
  const lower = value.toLowerCase();
  let best: { name: string; cost: number } | undefined;
  for (const name of allowed) {
    const cost = distance(lower, name.toLowerCase());
    if (best === undefined || cost < best.cost) best = { name, cost };
  }
  return best !== undefined && best.cost <= Math.max(2, Math.floor(value.length / 3)) ? best.name : undefined;
}

/** `did you mean …?` where something is near, then all allowed values: the fix line of most usage errors. */
export function allowedValues(value: string, allowed: readonly string[]): string {
  const near = nearest(value, allowed);
  const all = `allowed: ${[...allowed].join(', ')}`;
  return near === undefined ? all : `did you mean \`${near}\`? ${all}`;
}
