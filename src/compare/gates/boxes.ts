import type { BoxFormat } from '../../records/rules.ts';

/** A box by its corners, in whatever unit both sides use. */
export interface Box {
  readonly x1: number;
  readonly y1: number;
  readonly x2: number;
  readonly y2: number;
}

/** Box `at` of a flat list of four numbers each. */
export function boxAt(values: Float64Array, at: number, format: BoxFormat): Box {
  const [a, b, c, d] = values.subarray(at * 4, at * 4 + 4) as unknown as [number, number, number, number];
  if (format === 'xyxy') return { x1: a, y1: b, x2: c, y2: d };
  if (format === 'xywh') return { x1: a, y1: b, x2: a + c, y2: b + d };
  return { x1: a - c / 2, y1: b - d / 2, x2: a + c / 2, y2: b + d / 2 };
}

const area = ({ x1, y1, x2, y2 }: Box): number => Math.max(0, x2 - x1) * Math.max(0, y2 - y1);

/**
 * Intersection over union (Jaccard index), 0 to 1. Two boxes without area are the same only if they are equal: the padding
 * of a detection head.
 */
export function iouOf(a: Box, b: Box): number {
  if (a.x1 === b.x1 && a.y1 === b.y1 && a.x2 === b.x2 && a.y2 === b.y2) return 1;
  const width = Math.min(a.x2, b.x2) - Math.max(a.x1, b.x1);
  const height = Math.min(a.y2, b.y2) - Math.max(a.y1, b.y1);
  if (!(width > 0 && height > 0)) return 0;
  const shared = width * height;
  return shared / (area(a) + area(b) - shared);
}

export interface Edge {
  readonly reference: number;
  readonly candidate: number;
  readonly weight: number;
}

/**
 * As many pairs as there can be, the better ones first: greedy by falling weight, then augmenting paths (Kuhn's algorithm
 * for maximum bipartite matching), since of boxes that overlap each other the greedy choice can leave two alone.
 * Gives the candidate of each reference, −1 without one.
 */
export function matchEdges(edges: readonly Edge[], references: number, candidates: number): Int32Array {
  const byReference: number[][] = Array.from({ length: references }, () => []);
  const candidateOf = new Int32Array(references).fill(-1);
  const referenceOf = new Int32Array(candidates).fill(-1);
  for (const { reference, candidate } of [...edges].sort((a, b) => b.weight - a.weight)) {
    byReference[reference]?.push(candidate);
    if (candidateOf[reference] !== -1 || referenceOf[candidate] !== -1) continue;
    candidateOf[reference] = candidate;
    referenceOf[candidate] = reference;
  }
  const augment = (start: number): void => {
    const seen = new Set<number>();
    // A stack of its own: chains of overlapping boxes can be longer than the call stack.
    const path: { reference: number; next: number }[] = [{ reference: start, next: 0 }];
    const taken: number[] = [];
    while (path.length > 0) {
      const top = path[path.length - 1] as { reference: number; next: number };
      const candidate = byReference[top.reference]?.[top.next++];
      if (candidate === undefined) {
        path.pop();
        taken.pop();
        continue;
      }
      if (seen.has(candidate)) continue;
      seen.add(candidate);
      taken.push(candidate);
      const owner = referenceOf[candidate] as number;
      if (owner === -1) {
        path.forEach(({ reference }, i) => {
          candidateOf[reference] = taken[i] as number;
          referenceOf[taken[i] as number] = reference;
        });
        return;
      }
      path.push({ reference: owner, next: 0 });
    }
  };
  for (let reference = 0; reference < references; reference++)
    if (candidateOf[reference] === -1 && (byReference[reference]?.length ?? 0) > 0) augment(reference);
  return candidateOf;
}
