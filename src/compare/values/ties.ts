import type { TensorSpec } from '../../records/contract.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { reader, toFloat64, type Value } from '../../tensor/values.ts';
import { tied } from './argmax.ts';
import type { Bounds } from './kernel.ts';
import type { Moments } from './moments.ts';
import { WorstPlaces } from './worst.ts';

/** Labels or indices of both sides, and the scores that they were taken from. */
export interface TieInput {
  readonly reference: Tensor;
  readonly candidate: Tensor;
  readonly referenceScores: Tensor;
  /** Undefined when the candidate does not give its scores: the reference's decide alone. */
  readonly candidateScores: Tensor | undefined;
  /** The label at each index of the scores; without it a label is the index. */
  readonly classes: TensorSpec['classes'];
  /** The tolerance of the scores. */
  readonly bounds: Bounds;
}

/**
 * Takes labels that differ only by a tie out of the violations: design 6.3, equal if the scores at both indices agree
 * within tolerance. A tie that never flips under perturbation is seen here and nowhere else.
 */
export function excuseTies(m: Moments, input: TieInput): void {
  const layout = layoutOf(input.reference.shape, input.referenceScores.shape);
  if (layout === null) return;
  const r = reader(input.reference);
  const c = reader(input.candidate);
  const referenceScores = toFloat64(input.referenceScores);
  const sameShape = input.candidateScores?.shape.every((size, axis) => size === input.referenceScores.shape[axis]);
  const candidateScores =
    input.candidateScores !== undefined && sameShape === true ? toFloat64(input.candidateScores) : undefined;
  const indexOf = indexer(input.classes, layout.columns);
  const worst = new WorstPlaces();
  let ties = 0;
  for (let at = 0; at < m.elements; at++) {
    const [a, b] = [r(at), c(at)];
    if (a === b) continue;
    const [i, j] = [indexOf(a), indexOf(b)];
    const isTie =
      i !== undefined &&
      j !== undefined &&
      [referenceScores, candidateScores].every((scores) => {
        if (scores === undefined) return true;
        return tied(scores[layout.place(at, i)] as number, scores[layout.place(at, j)] as number, input.bounds);
      });
    if (isTie) ties++;
    else worst.add(at, distance(a, b));
  }
  m.ties = ties;
  m.violations -= ties;
  // What is no tie is worth showing before what is; with nothing else the ties themselves are shown.
  if (m.violations > 0) m.worst = worst.places;
  m.worstOutside = worst.places[0] ?? null;
}

const distance = (a: Value, b: Value): number =>
  typeof a === 'string' || typeof b === 'string' ? 1 : Math.abs(Number(a) - Number(b));

interface Layout {
  readonly columns: number;
  /** Flat place of the score with index `column` in the row that the label at `at` belongs to. */
  readonly place: (at: number, column: number) => number;
}

/**
 * Labels are the scores' shape without its class axis (argmax), with 1 in its place (keepdims), or with k (top-k).
 * Where several axes would do, the last one counts, as everywhere in classification.
 */
function layoutOf(labels: readonly number[], scores: readonly number[]): Layout | null {
  for (let axis = scores.length - 1; axis >= 0; axis--) {
    const inner = scores.slice(axis + 1).reduce((n, d) => n * d, 1);
    const columns = scores[axis] as number;
    const without = scores.filter((_, i) => i !== axis);
    const kept = labels.length === scores.length ? (labels[axis] as number) : null;
    const rest = kept === null ? labels : labels.filter((_, i) => i !== axis);
    if (rest.length !== without.length || rest.some((size, i) => size !== without[i])) continue;
    const block = (kept ?? 1) * inner;
    return { columns, place: (at, column) => Math.floor(at / block) * columns * inner + column * inner + (at % inner) };
  }
  return null;
}

function indexer(classes: TensorSpec['classes'], columns: number): (label: Value) => number | undefined {
  if (classes === undefined) {
    return (label) => {
      const index = typeof label === 'string' ? Number.NaN : Number(label);
      return Number.isInteger(index) && index >= 0 && index < columns ? index : undefined;
    };
  }
  const byLabel = new Map(classes.slice(0, columns).map((label, index) => [String(label), index]));
  return (label) => byLabel.get(String(label));
}
