import type { TaskGate } from '../../records/rules.ts';
import { isInteger } from '../../tensor/dtype.ts';
import { tied } from '../values/argmax.ts';
import { isQuantised } from '../values/dequantise.ts';
import type { Bounds } from '../values/kernel.ts';
import { sameShape } from '../values/shapes.ts';
import { percent } from '../values/text.ts';
import { type Gate, Unjudgeable } from './gate.ts';
import { rowsAlong } from './rows.ts';
import { realOf, tieBounds } from './scores.ts';

type Rule = Extract<TaskGate, { name: 'topK' }>;

/**
 * Mean share of the k best of a row that both sides have among theirs, in any order. Where the cut falls between scores
 * that rounding makes equal, either of them may be in. An output of integers holds the indices of the best already.
 */
export const topKGate: Gate<Rule> = {
  asked: ({ k, share, axis }) =>
    `the ${k} best${axis === -1 ? '' : ` along axis ${axis}`} overlap by at least ${percent(share)} on average`,
  nothing: ({ k }) => `no sample has a row of ${k} or more`,
  tally({ k, axis }, input) {
    const { reference, candidate } = input;
    const { tensor } = reference;
    if (tensor.dtype === 'string' || candidate.tensor.dtype === 'string')
      return new Unjudgeable('it holds texts, which have no largest');
    if (!sameShape(tensor.shape, candidate.tensor.shape)) return null;
    const rows = rowsAlong(tensor.shape, axis);
    if (rows instanceof Unjudgeable) return rows;
    const { columns, step } = rows;
    if (columns < k)
      return new Unjudgeable(
        `axis ${axis} of [${tensor.shape.join(', ')}] has fewer than the ${k} that \`topK\` asks for`,
      );
    const isIndices = isInteger(tensor.dtype) && !isQuantised(tensor, reference.spec.quantization);
    const [r, c] = [realOf(reference), realOf(candidate)];
    const bounds = tieBounds(input);
    let got = 0;
    let worst: { row: number; overlap: number; missing: number[] } | null = null;
    for (let row = 0; row < rows.count; row++) {
      const start = rows.start(row);
      const missing = isIndices ? listed(r, c, start, step, k) : ranked(r, c, start, step, columns, k, bounds);
      const overlap = 1 - missing.length / k;
      got += overlap;
      if (missing.length > 0 && (worst === null || overlap < worst.overlap)) worst = { row, overlap, missing };
    }
    return {
      got,
      of: rows.count,
      counted: rows.count,
      worst:
        worst === null
          ? null
          : {
              row: rows.indexOf(worst.row),
              what: `the candidate's ${k} best hold ${worst.missing.slice(0, 3).join(', ')}${worst.missing.length > 3 ? ', …' : ''}, the reference's do not`,
            },
    };
  },
};

/** What the candidate lists and the reference does not. */
function listed(r: Float64Array, c: Float64Array, start: number, step: number, k: number): number[] {
  const at = (values: Float64Array): number[] =>
    Array.from({ length: k }, (_, j) => values[start + j * step] as number);
  const known = new Set(at(r));
  return [...new Set(at(c))].filter((index) => !known.has(index)).concat(repeats(at(c)));
}

/** An index that a list holds twice takes the place of one that is missing. */
const repeats = (indices: readonly number[]): number[] => indices.filter((index, i) => indices.indexOf(index) !== i);

function ranked(
  r: Float64Array,
  c: Float64Array,
  start: number,
  step: number,
  columns: number,
  k: number,
  bounds: Bounds,
): number[] {
  const known = best(r, start, step, columns, k);
  const cut = r[start + (known.at(-1) as number) * step] as number;
  const set = new Set(known);
  return best(c, start, step, columns, k).filter(
    (j) => !set.has(j) && !tied(r[start + j * step] as number, cut, bounds),
  );
}

/** Columns of the k largest, largest first, the earlier among equals; NaN before all, as numpy's argmax has it. */
function best(values: Float64Array, start: number, step: number, columns: number, k: number): number[] {
  const rank = (j: number): number => {
    const value = values[start + j * step] as number;
    return Number.isNaN(value) ? Number.POSITIVE_INFINITY : value;
  };
  return Array.from({ length: columns }, (_, j) => j)
    .sort((a, b) => (rank(a) === rank(b) ? a - b : rank(b) - rank(a)))
    .slice(0, k);
}
