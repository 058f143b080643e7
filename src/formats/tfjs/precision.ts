import type { TfjsModelJson } from './model-json.ts';
import { storedAs } from './weights.ts';

/** Fewer elements are biases of small layers and tables, not weights whose precision matters. */
const MIN_ELEMENTS = 64;

/** Elements of floating weights by how they are stored: `float32`, `float16`, or `uint8` and `uint16` with a scale. */
export function storedPrecisions({ weightsManifest }: TfjsModelJson): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const weight of weightsManifest.flatMap(({ weights }) => weights)) {
    const elements = weight.shape.reduce((n, d) => n * d, 1);
    if (weight.dtype !== 'float32' || elements < MIN_ELEMENTS) continue;
    const stored = storedAs(weight);
    counts[stored] = (counts[stored] ?? 0) + elements;
  }
  return counts;
}

/** From fine to coarse. */
const FINENESS = ['float32', 'float16', 'uint16', 'uint8'];

/**
 * What a candidate stores more coarsely than anything in its reference, as facts for `precision-lower`. Without a reference of
 * this format (null) everything below float32 counts.
 */
export function lowerStored(candidate: TfjsModelJson, reference: TfjsModelJson | null): string[] {
  const coarsest = (json: TfjsModelJson | null): number =>
    Math.max(0, ...Object.keys(json === null ? {} : storedPrecisions(json)).map((name) => FINENESS.indexOf(name)));
  const known = coarsest(reference);
  const counts = storedPrecisions(candidate);
  const all = Object.values(counts).reduce((sum, n) => sum + n, 0);
  return Object.entries(counts)
    .filter(([name]) => FINENESS.indexOf(name) > known)
    .map(([name, count]) => `${Math.round((100 * count) / all)} % of its weights are stored as ${name}`);
}
