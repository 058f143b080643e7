import type { PerturbStep } from '../../records/variant.ts';
import { INFORMATIVE, NEGLIGIBLE, SMALLEST_NORMAL, UNIT } from './limits.ts';
import type { SampleRounding, SliceTable } from './measure.ts';

/** One slice in one sample, everything brought to one scale. */
export interface Cell {
  readonly sample: string;
  readonly axis: number | null;
  readonly index: number;
  /** Elements. */
  readonly count: number;
  readonly scale: number;
  /** Of the whole tensor in this sample, and of this slice over all samples. */
  readonly wholeScale: number;
  readonly pooledScale: number;
  readonly error: number;
  readonly floor: number;
  readonly informative: boolean;
  readonly ratio: number;
  /** With the elements in which the candidate jumps. */
  readonly rawRatio: number;
  readonly twin: TwinCell | null;
}

export interface TwinCell {
  readonly referenceError: number;
  readonly toReference: number;
  readonly distance: number | null;
  readonly candidateError: number | null;
  readonly spread: number;
  readonly accumulated: number;
}

/**
 * Where perturbation makes an output jump (a threshold, a sorted list), the candidate may jump too, in other elements: in as
 * many, twice as many at most, over all samples. What float64 says of the function counts every element all the same.
 */
export function mayJump(samples: readonly SampleRounding[]): boolean {
  const total = (of: (s: SampleRounding) => number): number => samples.reduce((sum, s) => sum + of(s), 0);
  const unstable = total((s) => s.unstable);
  return unstable > 0 && total((s) => s.jumps) <= 2 * unstable;
}

export function cellsOf(
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
          count: table.count,
          scale,
          wholeScale: whole,
          pooledScale: Math.max(pool.scale, scale),
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
export const unitOf = (step: PerturbStep): number => (step === 'int8' ? UNIT.float32 : UNIT[step]);

/** Low precision rounds every element by its whole step: compared by rms, a maximum would be a matter of luck. */
export const byRms = (step: PerturbStep): boolean => step !== 'float32';
const errorAt = (t: Pick<SliceTable, 'error' | 'errorRms'>, i: number, step: PerturbStep): number =>
  (byRms(step) ? t.errorRms : t.error)[i] as number;
const floorAt = (t: SliceTable, i: number, step: PerturbStep): number | null =>
  (byRms(step) ? t.floorRms : t.floor)?.[i] ?? null;

/**
 * Low precision: one candidate is one draw of its rounding, so a slice is judged over all samples at once. Of each slice
 * remains the sample in which it is worst.
 */
export function pooledCells(cells: readonly Cell[]): Cell[] {
  const groups = new Map<string, Cell[]>();
  for (const cell of cells) {
    const key = keyOf(cell.axis, cell.index);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [cell]);
    else group.push(cell);
  }
  return [...groups.values()].flatMap((all) => {
    const group = all.filter((c) => c.informative);
    const worst = maxBy(group, (c) => c.ratio);
    if (worst === null) return [];
    const draws = group.reduce((n, c) => n + c.count, 0);
    const ratio = Math.hypot(...group.map((c) => c.ratio)) / Math.sqrt(group.length);
    return [{ ...worst, ratio: ratio / luckOf(draws) }];
  });
}

/**
 * How far the rms of `n` draws may lie above its expectation by luck: one slice in about ten thousand lies beyond
 * 1 + 3.7/√(2n), the normal approximation of the chi distribution with n degrees of freedom.
 */
const luckOf = (n: number): number => 1 + 3.7 / Math.sqrt(2 * n);

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

/** The item of which `by` is largest, the first among equals; null of an empty list. */
export function maxBy<T>(list: readonly T[], by: (item: T) => number): T | null {
  return list.reduce<T | null>((best, item) => (best === null || by(item) > by(best) ? item : best), null);
}
