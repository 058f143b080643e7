import type { Rounding } from '../../records/comparison.ts';
import { toNum } from '../../records/numbers.ts';
import type { PerturbStep } from '../../records/variant.ts';
import { type Cell, maxBy, type TwinCell } from './cells.ts';
import { COMPUTATION_LIMIT, FUNCTION_LIMIT, INFORMATIVE, SETTLED, UNIT, WELL_ENOUGH } from './limits.ts';

/** What float64 shows to be at fault. */
export type TwinCause = 'function' | 'computation';

/** What float64 says of one output. */
export interface TwinVerdict {
  readonly function: Rounding['function'];
  readonly computation: Rounding['computation'];
  readonly cause: TwinCause | null;
  readonly worst: Cell | null;
  readonly samples: ReadonlyMap<string, 'rounding' | 'fault'>;
  /** The largest ratio to the floor that float64 found to be rounding. */
  readonly clearedRatio: number;
  readonly distrusted: boolean;
}

/** Is it the same function, and is it computed well? Null without a float64 twin of the reference. */
export function judgeTwins(cells: readonly Cell[], step: PerturbStep, limit: number): TwinVerdict | null {
  const measured = cells.filter((c): c is Cell & { twin: TwinCell } => c.twin !== null);
  if (measured.length === 0) return null;
  // An evaluator that is far from the reference itself evaluates something else.
  const strange = measured.filter(
    ({ twin, floor, scale }) =>
      twin.referenceError > Math.max(1e3 * floor, 1e-3 * scale, COMPUTATION_LIMIT * twin.accumulated),
  );
  const judged = measured.map((cell) => ({ cell, ...judgeCell(cell, step, limit) }));
  // Both runtimes agree and float64 does not: one of the twins is not the model.
  const contradicting = judged.filter(
    ({ cell, sameFunction }) => !sameFunction && cell.informative && cell.error * 3 < (cell.twin.distance ?? 0),
  );
  const distrusted = strange.length > 0 || contradicting.length > 0;
  const byFunction = maxBy(
    judged.filter((j) => j.functionRatio !== null),
    (j) => j.functionRatio ?? 0,
  );
  const byComputation = maxBy(judged, (j) => j.computationRatio);
  const other = judged.filter((j) => !j.sameFunction);
  const bad = judged.filter((j) => !j.computedWell);
  const cause: TwinCause | null = other.length > 0 ? 'function' : bad.length > 0 ? 'computation' : null;
  const faulty = new Set([...other, ...bad].map((j) => j.cell.sample));
  const seen = [
    ...new Set(judged.filter((j) => j.functionRatio !== null || j.cell.informative).map((j) => j.cell.sample)),
  ];
  const deciding =
    cause === 'function' ? maxBy(other, (j) => j.functionRatio ?? 0) : maxBy(bad, (j) => j.computationRatio);
  return {
    function:
      byFunction === null || byFunction.cell.twin.distance === null
        ? null
        : {
            distance: toNum(byFunction.cell.twin.distance),
            spread: toNum(byFunction.spread),
            ratio: toNum(byFunction.functionRatio ?? 0),
            limit: FUNCTION_LIMIT,
          },
    computation:
      byComputation === null
        ? null
        : {
            candidate: toNum(byComputation.cell.twin.candidateError ?? byComputation.cell.twin.toReference),
            reference: toNum(byComputation.cell.twin.referenceError),
            bound: byComputation.cell.twin.accumulated === 0 ? null : toNum(byComputation.cell.twin.accumulated),
            ratio: toNum(byComputation.computationRatio),
            limit: 1,
          },
    cause,
    worst: deciding?.cell ?? null,
    samples: new Map(seen.map((sample) => [sample, faulty.has(sample) ? 'fault' : 'rounding'])),
    clearedRatio: judged.reduce((most, j) => (faulty.has(j.cell.sample) ? most : Math.max(most, j.cell.ratio)), 0),
    distrusted,
  };
}

function judgeCell(cell: Cell & { twin: TwinCell }, step: PerturbStep, limit: number) {
  const { twin, floor, scale, error } = cell;
  // Constants that are written anew in this precision (folded scales, tables) cost half an ulp without any weight moving.
  const spread = Math.max(twin.spread, UNIT[step] * scale);
  // Where moved weights drown the output, another function could not be told from them.
  const tells = spread <= INFORMATIVE[step] * cell.pooledScale;
  const functionRatio = twin.distance === null || !tells ? null : twin.distance / spread;
  // What rounding of this precision covers, nobody can see in the deployed model.
  const sameFunction = functionRatio === null || functionRatio <= FUNCTION_LIMIT || (twin.distance ?? 0) <= floor;
  const allowed = Math.max(
    COMPUTATION_LIMIT * twin.referenceError,
    limit * floor,
    twin.accumulated,
    WELL_ENOUGH * scale,
    UNIT.float32 * cell.wholeScale,
  );
  const own = twin.candidateError ?? twin.toReference;
  // Where rounding drowns the output, nobody can say how well it is computed.
  const computationRatio = own === 0 || !cell.informative ? 0 : own / allowed;
  // A candidate as close to the reference as rounding allows is computed as well as the reference is.
  const computedWell = computationRatio <= 1 || error <= SETTLED * floor;
  return { spread, functionRatio, sameFunction, computationRatio, computedWell };
}
