import type { DiagnosisCode } from '../../../core/diagnosis-catalogue.ts';
import { toFloat64 } from '../../../tensor/values.ts';
import type { Evidence, Hypothesis } from '../../scene.ts';
import { spread } from './numbers.ts';
import { type Place, placesOf } from './places.ts';

/** Where errors are confined to so little of a picture's lines, it is their border. */
const NARROW = 1 / 4;
/** Fewer wrong elements may lie at the border by chance: one in (share)^n. */
const ENOUGH = 8;

/**
 * All errors lie at the ends of the spatial axes while the inside agrees: what is seen beyond the border differs. The
 * operator says what that is called; operators that have no border are not asked.
 */
export const border: Hypothesis = {
  name: 'border',
  codes: ['padding-differs', 'pool-border', 'resize-mode'],
  applies: ({ divergence }) => divergence?.candidate != null && codeOf(divergence.reference.opType) !== null,
  test(question) {
    const [place] = placesOf(question);
    const code = codeOf(place?.op ?? '');
    return Promise.resolve(place === undefined || code === null ? undefined : atBorder(place, code));
  },
};

function codeOf(op: string): DiagnosisCode | null {
  if (/pool/i.test(op)) return 'pool-border';
  if (/resize|upsample|interpolat|grid_?sampl/i.test(op)) return 'resize-mode';
  return /conv|pad/i.test(op) ? 'padding-differs' : null;
}

function atBorder(place: Place, code: DiagnosisCode): Evidence | undefined {
  const { reference, candidate, tolerance, where, before } = place;
  const { shape } = reference;
  if (shape.length < 3 || shape.join() !== candidate.shape.join()) return undefined;
  const [a, b] = [toFloat64(reference), toFloat64(candidate)];
  const scale = spread(a).rms || 1;
  const wrong: number[] = [];
  for (let i = 0; i < a.length; i++)
    if (!(Math.abs((a[i] as number) - (b[i] as number)) <= tolerance * scale)) wrong.push(i);
  if (wrong.length < ENOUGH) return undefined;
  // The axes of one picture: all but the batch and the channels, wherever those stand.
  const sides = [shape.map((_, axis) => axis).slice(2), shape.map((_, axis) => axis).slice(1, -1)];
  for (const axes of sides) {
    const width = widthOf(wrong, shape, axes);
    if (width === null) continue;
    return {
      code,
      where,
      args: { border: width },
      experiment: `with ${width} elements at the ends of axes ${axes.join(' and ')} left out`,
      before,
      after: tolerance,
      explained: 1,
    };
  }
  return undefined;
}

/** The least width of a border that holds all wrong elements; null: it is no border any more, or all of it is. */
function widthOf(wrong: readonly number[], shape: readonly number[], axes: readonly number[]): number | null {
  const limit = Math.floor(Math.min(...axes.map((axis) => shape[axis] as number)) * NARROW);
  if (limit < 1) return null;
  let width = 0;
  for (const index of wrong) {
    let rest = index;
    let nearest = Number.POSITIVE_INFINITY;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const size = shape[axis] as number;
      const at = rest % size;
      rest = (rest - at) / size;
      if (axes.includes(axis)) nearest = Math.min(nearest, at, size - 1 - at);
    }
    width = Math.max(width, nearest + 1);
    if (width > limit) return null;
  }
  return width;
}
