import type { Site } from './site.ts';

/** A constant this small, added in front of a root, a logarithm or a division, keeps it away from zero. */
const SMALL = 0.1;
const GUARDED = new Set(['Sqrt', 'Log', 'Div', 'Reciprocal', 'Pow']);

/** The operand of an addition, a maximum or a clip that is the epsilon of something written out; undefined where there is none. */
export function writtenEpsilon(site: Site): { index: number; value: number } | undefined {
  const { node } = site;
  const readers = site.readers(node.outputs[0] ?? '');
  if (!readers.some((reader) => GUARDED.has(reader.op))) return undefined;
  for (const index of [1, 0]) {
    const numbers = site.numbers(index);
    const [value] = numbers ?? [];
    if (numbers?.length === 1 && value !== undefined && value >= 0 && value <= SMALL) return { index, value };
  }
  return undefined;
}
