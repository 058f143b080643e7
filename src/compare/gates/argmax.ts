import type { TaskGate } from '../../records/rules.ts';
import { tied } from '../values/argmax.ts';
import { sameShape } from '../values/shapes.ts';
import { percent } from '../values/text.ts';
import { type Gate, Unjudgeable } from './gate.ts';
import { rowsAlong } from './rows.ts';
import { bestOf, realOf, tieBounds } from './scores.ts';

type Rule = Extract<TaskGate, { name: 'argmax' }>;

/**
 * Share of rows whose best class agrees. A tie is agreement: which of two scores that rounding makes equal comes first is
 * chance. The reference's scores decide what a tie is; the candidate's own cannot excuse it.
 */
export const argmaxGate: Gate<Rule> = {
  asked: ({ share, axis }) =>
    `top class${axis === -1 ? '' : ` along axis ${axis}`} agrees in at least ${percent(share)} of rows`,
  nothing: () => 'no sample has a row of two classes or more',
  tally({ axis }, { reference, candidate, ...rest }) {
    const { tensor } = reference;
    if (tensor.dtype === 'string' || candidate.tensor.dtype === 'string')
      return new Unjudgeable('it holds texts, which have no largest');
    if (!sameShape(tensor.shape, candidate.tensor.shape)) return null;
    const rows = rowsAlong(tensor.shape, axis);
    if (rows instanceof Unjudgeable) return rows;
    if (rows.columns < 2)
      return new Unjudgeable(`axis ${axis} of [${tensor.shape.join(', ')}] has no two classes to choose between`);
    const bounds = tieBounds({ reference, candidate, ...rest });
    const [r, c] = [realOf(reference), realOf(candidate)];
    const { columns, step } = rows;
    let got = 0;
    let worst: { row: number; gap: number; a: number; b: number } | null = null;
    for (let row = 0; row < rows.count; row++) {
      const start = rows.start(row);
      const a = bestOf(r, start, step, columns);
      const b = bestOf(c, start, step, columns);
      const [top, other] = [r[start + a * step] as number, r[start + b * step] as number];
      if (a === b || tied(top, other, bounds)) got++;
      else if (worst === null || top - other > worst.gap) worst = { row, gap: top - other, a, b };
    }
    return {
      got,
      of: rows.count,
      counted: rows.count,
      worst:
        worst === null
          ? null
          : { row: rows.indexOf(worst.row), what: `candidate picks class ${worst.b}, reference ${worst.a}` },
    };
  },
};
