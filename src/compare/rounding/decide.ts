import type { Rounding } from '../../records/comparison.ts';
import { toNum } from '../../records/numbers.ts';
import type { PerturbStep } from '../../records/variant.ts';
import { byRms, type Cell, cellsOf, maxBy, mayJump, pooledCells, unitOf } from './cells.ts';
import { horizonOf } from './horizon.ts';
import { FLOOR_LIMIT, HOPELESS, INPUTS_ONLY, MOST_UNSTABLE, SETTLED, SMALLEST_NORMAL } from './limits.ts';
import type { SampleRounding, SliceTable } from './measure.ts';
import { judgeTwins, type TwinCause, type TwinVerdict } from './twins.ts';

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
export type Cause = TwinCause | 'floor';

export interface Decision {
  readonly rounding: Rounding;
  readonly samples: ReadonlyMap<string, SampleDecision>;
  readonly answer: SampleDecision['answer'];
  readonly cause: Cause | null;
  /** What float64 could still settle: the floor alone lies between a clear yes and a clear no. */
  readonly open: boolean;
  /** float64 contradicts what both runtimes agree on, or the reference itself: it was not believed. */
  readonly distrusted: boolean;
  /** What the floor was measured in. */
  readonly cells: readonly Cell[];
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
  const steady = new Set(samples.filter((s) => s.unstable64 <= MOST_UNSTABLE).map((s) => s.sample));
  const twins = judgeTwins(
    cells.filter((c) => steady.has(c.sample)),
    step,
    limit,
  );
  const pooledRatio = byRms(step) ? (maxBy(telling, (c) => c.ratio)?.ratio ?? null) : null;
  const bySample = new Map(
    samples.map(({ sample }) => [
      sample,
      decideSample(sample, cells, loud.includes(sample), limit, twins, pooledRatio),
    ]),
  );
  const answers = [...bySample.values()].map((s) => s.answer);
  const answer = answers.includes('fault') ? 'fault' : answers.includes('rounding') ? 'rounding' : 'silent';
  const worst = maxBy(telling, (c) => c.ratio);
  const silent = samples.some((s) => !telling.some((c) => c.sample === s.sample));
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
      unstable: samples.reduce((most, s) => Math.max(most, s.unstable), 0),
      informative: new Set(telling.map((c) => c.sample)).size,
      samples: samples.length,
      horizon: horizonOf(cells),
    },
    samples: bySample,
    answer,
    cause: answer !== 'fault' ? null : settles ? twins.cause : 'floor',
    // A declared lower precision is another function in float64 by its own rounding: only the floor can judge it.
    open: !byRms(step) && (silent || isOpen(telling, worst, limit)),
    distrusted: twins?.distrusted === true,
    cells,
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
  const worst = maxBy(telling, (c) => c.ratio);
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
