import { toFloat64 } from '../../tensor/values.ts';
import { tryEdits, wholeBench } from '../experiment.ts';
import { type Grid, wrongGrids } from '../grids.ts';
import type { Hypothesis } from '../scene.ts';
import type { Named } from './graph/name/cause.ts';
import { weightOnGrid } from './graph/name/quantised.ts';
import { short } from './graph/name/shown.ts';
import { misreadIntegers } from './misread-integers.ts';

/** More of a tensor's values than this beyond the grid: its range is too narrow. */
const CUT = 0.005;
/** From this many times the range of the values on, a grid is too coarse. */
const COARSE = 2;
/** Ranges that differ by less are the same one: a zero point beside it was moved. */
const SAME_RANGE = 1.3;
/** Share of the error that the best grids must take away, for grids to be the cause. */
const AVOIDABLE = 0.4;

/**
 * A grid that does not follow from the values on it. The experiment writes the best grid's constants into the candidate,
 * at all tensors with the same fault; the error that is left with every grid mended is what eight bits cost and explains
 * itself.
 */
export const quantisedGrid: Hypothesis = {
  name: 'quantised-grid',
  codes: ['saturation', 'quantisation-coarse', 'quantisation-parameters', 'channel-corrupted'],
  applies: ({ divergence, scene }) =>
    divergence?.candidate?.opType === 'DequantizeLinear' &&
    scene.candidate !== null &&
    scene.lab.canEdit(scene.candidate.specimen),
  async test(question) {
    const { divergence, scene } = question;
    const wrong = wrongGrids(scene);
    const grid = wrong.find(({ tensor }) => tensor === divergence?.candidate?.tensor);
    const named = grid === undefined ? undefined : nameGrid(grid);
    if (grid === undefined || named === undefined) return undefined;
    const bench = await wholeBench(question);
    if (bench === null) return undefined;
    const all = await tryEdits(
      question,
      bench,
      wrong.flatMap((g) => g.mend),
      'with all grids as the values need them',
    );
    const avoidable = all === null ? 0 : all.before - all.after;
    if (all === null || !(avoidable >= AVOIDABLE * all.before)) return undefined;
    const alike = wrong.filter((g) => g === grid || nameGrid(g)?.code === named.code);
    const experiment = `with scale and zero point of ${alike.length === 1 ? grid.tensor : `${alike.length} tensors`} as the reference's values need them`;
    const mend = alike.flatMap((g) => g.mend);
    const outcome = alike.length === wrong.length ? all : await tryEdits(question, bench, mend, experiment);
    if (outcome === null) return undefined;
    return {
      code: named.code,
      where: `${grid.node.op} ${grid.node.id}`,
      args: named.args ?? {},
      experiment,
      before: outcome.before,
      after: outcome.after,
      explained: Math.max(0, Math.min(1, (outcome.before - outcome.after) / avoidable)),
      mend,
    };
  },
};

const nameGrid = (grid: Grid): Named | undefined =>
  grid.stored === undefined
    ? nameActivation(grid)
    : (misreadIntegers(grid) ?? weightOnGrid(grid.value, grid.stored, grid.levels));

function nameActivation({ value, down, levels }: Grid): Named | undefined {
  const [step, zero] = [down.scale[0] as number, down.zero[0] as number];
  const [stepUp, zeroUp] = [levels.scale[0] as number, levels.zero[0] as number];
  if (zero !== zeroUp) return { code: 'quantisation-parameters', args: { from: zero, to: zeroUp } };
  if (step !== stepUp) return { code: 'quantisation-parameters', args: { from: step, to: stepUp } };
  const values = toFloat64(value);
  const [from, to] = [(down.low - zero) * step, (down.high - zero) * step];
  let [least, most, beyond] = [0, 0, 0];
  for (const v of values) {
    [least, most] = [Math.min(least, v), Math.max(most, v)];
    if (v < from - step || v > to + step) beyond++;
  }
  const times = (to - from) / (most - least);
  if (beyond > CUT * values.length) {
    // As wide as the values are, and beside them.
    if (times < SAME_RANGE && times > 1 / SAME_RANGE && from > least !== to < most)
      return { code: 'quantisation-parameters', args: { reason: 'zero point' } };
    return { code: 'saturation', args: { share: `${short((beyond / values.length) * 100)} %` } };
  }
  return times >= COARSE ? { code: 'quantisation-coarse', args: { times: short(times) } } : undefined;
}
