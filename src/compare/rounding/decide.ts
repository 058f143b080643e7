import type { Rounding } from '../../records/comparison.ts';
import { toNum } from '../../records/numbers.ts';
import type { PerturbStep } from '../../records/variant.ts';
import {
  COMPUTATION_LIMIT,
  FLOOR_LIMIT,
  FUNCTION_LIMIT,
  HOPELESS,
  INFORMATIVE,
  INPUTS_ONLY,
  MOST_UNSTABLE,
  NEGLIGIBLE,
  SETTLED,
  SMALLEST_NORMAL,
  UNIT,
  WELL_ENOUGH,
} from './limits.ts';
import type { SampleRounding, SliceTable } from './measure.ts';

export interface DecideInput {
  readonly step: PerturbStep;
  readonly reach: 'weights' | 'inputs';
  /** The samples that are not bit-identical. */
  readonly samples: readonly SampleRounding[];
  /** How far two runs of the reference itself lay apart; no floor is lower. */
  readonly unsteady?: number;
}

/** What the instruments say about one sample of an output. */
export interface SampleDecision {
  readonly sample: string;
  /** Of the whole tensor. */
  readonly floor: number | null;
  /** The worst over the slices that say something; null when none does. */
  readonly ratio: number | null;
  /** `silent`: rounding alone could hide a fault here, or too much of it jumps. */
  readonly answer: 'rounding' | 'fault' | 'silent';
}

/** Why an error is no rounding. */
export type Cause = 'function' | 'computation' | 'floor';

export interface Decision {
  readonly rounding: Rounding;
  readonly samples: ReadonlyMap<string, SampleDecision>;
  readonly answer: SampleDecision['answer'];
  readonly cause: Cause | null;
  /** What float64 could still settle: the floor alone lies between a clear yes and a clear no. */
  readonly open: boolean;
  /** float64 contradicts what both runtimes agree on, or the reference itself: it was not believed. */
  readonly distrusted: boolean;
}

/** One slice in one sample, everything brought to one scale. */
interface Cell {
  readonly sample: string;
  readonly axis: number | null;
  readonly index: number;
  readonly scale: number;
  readonly error: number;
  readonly floor: number;
  readonly informative: boolean;
  readonly ratio: number;
  /** With the elements in which the candidate jumps. */
  readonly rawRatio: number;
  readonly twin: TwinCell | null;
}

interface TwinCell {
  readonly referenceError: number;
  readonly toReference: number;
  readonly distance: number | null;
  readonly candidateError: number | null;
  readonly spread: number;
  readonly accumulated: number;
}

/**
 * Rounding or fault (design 6.4)? float64 answers where it is there and can be believed: is it the same function, and is it
 * computed well? Else the measured floor answers. Null without any measured run: the dtype's table has to do.
 */
export function decide({ step, reach, samples, unsteady = 0 }: DecideInput): Decision | null {
  if (samples.length === 0 || samples.every((s) => s.runs === 0 && s.tables.every((t) => t.twin === null))) return null;
  const limit = limitOf(step, reach);
  const cells = cellsOf(samples, step, unsteady, mayJump(samples));
  const loud = samples.filter((s) => s.unstable <= MOST_UNSTABLE).map((s) => s.sample);
  const ofLoud = cells.filter((c) => loud.includes(c.sample));
  const telling = (byRms(step) ? pooledCells(ofLoud) : ofLoud).filter((c) => c.informative);
  const twins = judgeTwins(telling.length > 0 ? telling : cells, step, limit);
  const pooledRatio = byRms(step) ? (worstOf(telling, (c) => c.ratio)?.ratio ?? null) : null;
  const bySample = new Map(
    samples.map(({ sample }) => [
      sample,
      decideSample(sample, cells, loud.includes(sample), limit, twins, pooledRatio),
    ]),
  );
  const answers = [...bySample.values()].map((s) => s.answer);
  const answer = answers.includes('fault') ? 'fault' : answers.includes('rounding') ? 'rounding' : 'silent';
  const worst = worstOf(telling, (c) => c.ratio);
  const settles = twins !== null && !twins.distrusted;
  const deciding = settles ? (twins.worst ?? worst) : worst;
  return {
    rounding: {
      instrument: settles ? 'float64' : 'noise-floor',
      step,
      reach,
      ratio: worst === null ? null : toNum(worst.ratio),
      limit,
      function: twins?.function ?? null,
      computation: twins?.computation ?? null,
      worst:
        deciding === null
          ? null
          : { sample: deciding.sample, axis: deciding.axis, index: deciding.axis === null ? null : deciding.index },
      unstable: Math.max(0, ...samples.map((s) => s.unstable)),
      informative: new Set(telling.map((c) => c.sample)).size,
      samples: samples.length,
      horizon: horizonOf(samples, cells),
    },
    samples: bySample,
    answer,
    cause: answer !== 'fault' ? null : settles ? twins.cause : 'floor',
    // A declared lower precision is another function in float64 by its own rounding: only the floor can judge it.
    open: !byRms(step) && isOpen(telling, worst, limit),
    distrusted: twins?.distrusted === true,
  };
}

/** The limit times the floor of the whole tensor in one sample; null without a measured floor. */
export function wholeBound(
  sample: SampleRounding,
  { step, reach }: Pick<DecideInput, 'step' | 'reach'>,
): number | null {
  const whole = sample.tables[0] as SliceTable;
  const floor = whole.floor?.[0];
  if (floor === undefined) return null;
  const scale = Math.max(whole.scale[0] as number, (whole.peak[0] as number) / 4);
  return limitOf(step, reach) * Math.max(floor, 2 * unitOf(step) * scale, SMALLEST_NORMAL);
}

const limitOf = (step: PerturbStep, reach: DecideInput['reach']): number =>
  FLOOR_LIMIT[step] * (reach === 'inputs' ? INPUTS_ONLY : 1);

/** Whether the floor alone leaves something to find out. */
function isOpen(telling: readonly Cell[], worst: Cell | null, limit: number): boolean {
  if (worst === null) return true;
  if (telling.every((c) => c.rawRatio <= Math.min(SETTLED, limit))) return false;
  return !telling.some((c) => c.ratio > HOPELESS.ratio && c.error > HOPELESS.ofScale * c.scale);
}

function decideSample(
  sample: string,
  cells: readonly Cell[],
  loud: boolean,
  limit: number,
  twins: TwinVerdict | null,
  pooledRatio: number | null,
): SampleDecision {
  const own = cells.filter((c) => c.sample === sample);
  const whole = own.find((c) => c.axis === null);
  const telling = loud ? own.filter((c) => c.informative) : [];
  const worst = worstOf(telling, (c) => c.ratio);
  const shared = { sample, floor: whole?.floor ?? null, ratio: worst?.ratio ?? null };
  const said = twins === null || twins.distrusted ? undefined : twins.samples.get(sample);
  if (said !== undefined) return { ...shared, answer: said };
  if (worst === null) return { ...shared, answer: 'silent' };
  // float64 cleared larger ratios than this one: what it did not look at is no worse.
  const cleared = twins !== null && !twins.distrusted && twins.cause === null ? twins.clearedRatio : 0;
  const allowed = Math.max(limit, cleared);
  // What all samples together excuse, one of them does not condemn.
  const excused = pooledRatio !== null && pooledRatio <= allowed;
  return { ...shared, answer: excused || worst.ratio <= allowed ? 'rounding' : 'fault' };
}

interface TwinVerdict {
  readonly function: Rounding['function'];
  readonly computation: Rounding['computation'];
  readonly cause: Cause | null;
  readonly worst: Cell | null;
  readonly samples: ReadonlyMap<string, 'rounding' | 'fault'>;
  /** The largest ratio to the floor that float64 found to be rounding. */
  readonly clearedRatio: number;
  readonly distrusted: boolean;
}

function judgeTwins(cells: readonly Cell[], step: PerturbStep, limit: number): TwinVerdict | null {
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
  const cause: Cause | null = other.length > 0 ? 'function' : bad.length > 0 ? 'computation' : null;
  const faulty = new Set([...other, ...bad].map((j) => j.cell.sample));
  const seen = [...new Set(measured.map((c) => c.sample))];
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
    clearedRatio: Math.max(0, ...judged.filter((j) => !faulty.has(j.cell.sample)).map((j) => j.cell.ratio)),
    distrusted,
  };
}

function judgeCell({ twin, floor, scale, error }: Cell & { twin: TwinCell }, step: PerturbStep, limit: number) {
  // Constants that are written anew in this precision (folded scales, tables) cost half an ulp without any weight moving.
  const spread = Math.max(twin.spread, UNIT[step] * scale);
  const functionRatio = twin.distance === null ? null : twin.distance / spread;
  // What rounding of this precision covers, nobody can see in the deployed model.
  const sameFunction = functionRatio === null || functionRatio <= FUNCTION_LIMIT || (twin.distance ?? 0) <= floor;
  const allowed = Math.max(
    COMPUTATION_LIMIT * twin.referenceError,
    limit * floor,
    twin.accumulated,
    WELL_ENOUGH * scale,
  );
  const own = twin.candidateError ?? twin.toReference;
  const computationRatio = own === 0 ? 0 : own / allowed;
  // A candidate as close to the reference as rounding allows is computed as well as the reference is.
  const computedWell = computationRatio <= 1 || error <= SETTLED * floor;
  return { spread, functionRatio, sameFunction, computationRatio, computedWell };
}

/**
 * Where perturbation makes an output jump (a threshold, a sorted list), the candidate may jump too, in other elements: in as
 * many, twice as many at most, over all samples. What float64 says of the function counts every element all the same.
 */
function mayJump(samples: readonly SampleRounding[]): boolean {
  const total = (of: (s: SampleRounding) => number): number => samples.reduce((sum, s) => sum + of(s), 0);
  const unstable = total((s) => s.unstable);
  return unstable > 0 && total((s) => s.jumps) <= 2 * unstable;
}

function cellsOf(
  samples: readonly SampleRounding[],
  step: PerturbStep,
  unsteady: number,
  jumpsAllowed: boolean,
): Cell[] {
  const pooled = poolOf(samples, step);
  return samples.flatMap((sample) => {
    const whole = (sample.tables[0] as SliceTable).scale[0] as number;
    return sample.tables.flatMap((table) =>
      Array.from(table.scale, (rms, index): Cell => {
        const pool = pooled.get(keyOf(table.axis, index)) as Pool;
        const peak = table.peak[index] as number;
        const scale = Math.max(rms, peak / 4);
        const measured = floorAt(table, index, step);
        const draws = table.count * Math.max(1, sample.runs);
        // A few draws of a small slice can all be lucky; those of the same slice in other samples were not.
        const typical = draws < FEW_DRAWS ? pool.relative * scale : 0;
        const floor = Math.max(
          measured ?? 0,
          typical,
          2 * unitOf(step) * scale,
          NEGLIGIBLE * whole,
          SMALLEST_NORMAL,
          unsteady,
        );
        const calm = jumpsAllowed ? table.calm : null;
        const raw = errorAt(table, index, step);
        const error = calm === null ? raw : errorAt(calm, index, step);
        const twin = table.twin;
        const at = (values: Float64Array | null): number | null => (values === null ? null : (values[index] as number));
        return {
          sample: sample.sample,
          axis: table.axis,
          index,
          scale,
          error,
          floor,
          informative: floor <= INFORMATIVE[step] * Math.max(pool.scale, scale),
          ratio: error / floor,
          rawRatio: raw / floor,
          twin:
            twin === null
              ? null
              : {
                  referenceError: twin.referenceError[index] as number,
                  toReference: (calm?.toReference ?? twin.toReference)[index] as number,
                  distance: at(twin.distance),
                  candidateError: at(calm?.candidateError ?? twin.candidateError),
                  spread: twin.spread[index] as number,
                  accumulated: twin.accumulated[index] as number,
                },
        };
      }),
    );
  });
}

/** Runs times elements below which the largest of a slice's movements is a matter of luck. */
const FEW_DRAWS = 64;

/** Steps of int8 are measured where weights are; what stays in float32 rounds as float32 does. */
const unitOf = (step: PerturbStep): number => (step === 'int8' ? UNIT.float32 : UNIT[step]);

/** Low precision rounds every element by its whole step: compared by rms, a maximum would be a matter of luck. */
const byRms = (step: PerturbStep): boolean => step !== 'float32';
const errorAt = (t: Pick<SliceTable, 'error' | 'errorRms'>, i: number, step: PerturbStep): number =>
  (byRms(step) ? t.errorRms : t.error)[i] as number;
const floorAt = (t: SliceTable, i: number, step: PerturbStep): number | null =>
  (byRms(step) ? t.floorRms : t.floor)?.[i] ?? null;

/**
 * Low precision: one candidate is one draw of its rounding, so a slice is judged over all samples at once. Of each slice
 * remains the sample in which it is worst.
 */
function pooledCells(cells: readonly Cell[]): Cell[] {
  const groups = new Map<string, Cell[]>();
  for (const cell of cells) {
    const key = keyOf(cell.axis, cell.index);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [cell]);
    else group.push(cell);
  }
  return [...groups.values()].flatMap((all) => {
    const group = all.filter((c) => c.informative);
    const worst = worstOf(group, (c) => c.ratio);
    return worst === null
      ? []
      : [{ ...worst, ratio: Math.hypot(...group.map((c) => c.ratio)) / Math.sqrt(group.length) }];
  });
}

interface Pool {
  /** rms of the slice's scale over the samples. */
  readonly scale: number;
  /** Median over the samples of floor / scale. */
  readonly relative: number;
}

const keyOf = (axis: number | null, index: number): string => `${axis}/${index}`;

/** What the same slice does over all samples. */
function poolOf(samples: readonly SampleRounding[], step: PerturbStep): ReadonlyMap<string, Pool> {
  const scales = new Map<string, number[]>();
  const relatives = new Map<string, number[]>();
  for (const { tables } of samples) {
    for (const table of tables) {
      for (let index = 0; index < table.scale.length; index++) {
        const key = keyOf(table.axis, index);
        const scale = Math.max(table.scale[index] as number, (table.peak[index] as number) / 4);
        append(scales, key, scale);
        const floor = floorAt(table, index, step);
        if (floor !== null && scale > 0) append(relatives, key, floor / scale);
      }
    }
  }
  return new Map(
    [...scales].map(([key, values]) => [
      key,
      { scale: Math.hypot(...values) / Math.sqrt(values.length), relative: median(relatives.get(key) ?? []) },
    ]),
  );
}

function append(lists: Map<string, number[]>, key: string, value: number): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else list.push(value);
}

function median(values: readonly number[]): number {
  if (values.length === 0) return 0;
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)] as number;
}

/** Where a chaotic model stops saying anything: slices of one axis that are silent from a place on to the end. */
function horizonOf(samples: readonly SampleRounding[], cells: readonly Cell[]): Rounding['horizon'] {
  let first: Rounding['horizon'] = null;
  for (const { sample, tables } of samples) {
    for (const { axis, scale } of tables) {
      if (axis === null) continue;
      const own = cells.filter((c) => c.sample === sample && c.axis === axis);
      let index = scale.length;
      while (index > 0 && own[index - 1]?.informative === false) index--;
      if (index > 0 && index < scale.length && (first === null || index < first.index)) first = { axis, index };
    }
  }
  return first;
}

function maxBy<T>(list: readonly T[], by: (item: T) => number): T | null {
  return list.reduce<T | null>((best, item) => (best === null || by(item) > by(best) ? item : best), null);
}

const worstOf = (cells: readonly Cell[], by: (cell: Cell) => number): Cell | null => maxBy(cells, by);
