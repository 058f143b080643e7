import type { Rounding } from '../../records/comparison.ts';
import type { Cell } from './cells.ts';

/** Where a chaotic model stops saying anything: slices of one axis that are silent from a place on to the end. */
export function horizonOf(cells: readonly Cell[]): Rounding['horizon'] {
  const last = new Map<string, { axis: number; size: number; told: number }>();
  for (const { sample, axis, index, informative } of cells) {
    if (axis === null) continue;
    const key = `${axis}\0${sample}`;
    const seen = last.get(key) ?? { axis, size: 0, told: -1 };
    last.set(key, {
      axis,
      size: Math.max(seen.size, index + 1),
      told: informative ? Math.max(seen.told, index) : seen.told,
    });
  }
  return [...last.values()].reduce<Rounding['horizon']>((first, { axis, size, told }) => {
    const index = told + 1;
    return index > 0 && index < size && (first === null || index < first.index) ? { axis, index } : first;
  }, null);
}
