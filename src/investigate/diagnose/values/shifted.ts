import { takeRows } from '../../../tensor/rows.ts';
import { toFloat64 } from '../../../tensor/values.ts';
import { byValue } from './by-value.ts';
import { fitLine, plain, strides } from './numbers.ts';
import type { Pair, Place } from './places.ts';
import type { Claim } from './support.ts';

/** Shifts that off-by-one mistakes make, and those of a padding token. */
const SHIFTS = [1, -1, 2, -2];
/** An axis shorter than this has too little left to be compared. */
const SHORTEST = 4;

/**
 * Elements lie some places further along an axis: an index, a slice or a position that starts elsewhere. Whole numbers that
 * count along an axis and are off by a constant are positions.
 */
export const shifted = byValue('shifted', ['index-differs', 'padding-differs', 'position-offset'], (place) => {
  const code = codeOf(place.op);
  return [
    ...offsets(place),
    ...place.reference.shape.flatMap((size, axis) =>
      size < SHORTEST || code === null
        ? []
        : SHIFTS.filter((k) => Math.abs(k) * 2 < size).map((by) => moved(code, axis, by)),
    ),
  ];
});

/** What a shift says depends on who takes elements from where; null: of others, and of whole models, it says nothing. */
function codeOf(op: string | null): 'index-differs' | 'padding-differs' | null {
  if (op === null) return null;
  if (/slice|gather|index|embedding|select|take|scatter|split|narrow/i.test(op)) return 'index-differs';
  // Padding moved from one side to the other moves everything behind it.
  return /conv|pool|pad/i.test(op) ? 'padding-differs' : null;
}

function moved(code: 'index-differs' | 'padding-differs', axis: number, by: number): Claim {
  return {
    code,
    args: { axis, by, from: 0, to: by },
    experiment: `with the candidate's elements ${Math.abs(by)} further ${by > 0 ? 'back' : 'on'} along axis ${axis}`,
    parameters: 2,
    sides: ({ reference, candidate }: Pair) => {
      const [mine, theirs] = [reference.shape[axis], candidate.shape[axis]];
      if (mine === undefined || theirs === undefined || mine !== theirs || mine <= Math.abs(by)) return null;
      if (reference.shape.length !== candidate.shape.length) return null;
      const rows = Array.from({ length: mine - Math.abs(by) }, (_, i) => i);
      const later = rows.map((i) => i + Math.abs(by));
      return [
        toFloat64(takeRows(reference, axis, by > 0 ? later : rows)),
        toFloat64(takeRows(candidate, axis, by > 0 ? rows : later)),
      ];
    },
  };
}

/** Values that count up along an axis by whole steps, a constant apart. */
function offsets({ reference, candidate }: Place): Claim[] {
  const [a, b] = [toFloat64(reference), toFloat64(candidate)];
  if (a.length !== b.length || !a.every(Number.isInteger) || !b.every(Number.isInteger)) return [];
  const axis = reference.shape.findIndex((size, i) => size >= SHORTEST && counts(a, reference.shape, i));
  const line = axis < 0 ? null : fitLine(a, b);
  if (line === null || Math.abs(line.factor - 1) > 1e-9) return [];
  const offset = Math.round(line.offset);
  return [
    {
      code: 'position-offset',
      args: { offset: plain(offset) },
      experiment: `with ${offset} added to the reference's positions`,
      parameters: 0,
      sides: (pair) => [toFloat64(pair.reference).map((x) => x + offset), toFloat64(pair.candidate)],
    },
  ];
}

function counts(values: Float64Array, shape: readonly number[], axis: number): boolean {
  const [outer, size, inner] = strides(shape, axis);
  for (let o = 0; o < outer; o++)
    for (let k = 1; k < size; k++)
      for (let i = 0; i < inner; i++) {
        const at = (o * size + k) * inner + i;
        if ((values[at] as number) - (values[at - inner] as number) !== 1) return false;
      }
  return true;
}
