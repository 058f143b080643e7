import type { NumericView } from '../values/kernel.ts';
import { type Partition, partitionsOf, sliceMax, slicePeak, sliceRms } from './partition.ts';
import { jumping, unstableElements } from './unstable.ts';

/** What float64 says about one output in one sample, all views of one shape. */
export interface Twins {
  readonly reference: NumericView;
  /** Null: the candidate has no float64 twin. */
  readonly candidate: NumericView | null;
  readonly perturbed: readonly NumericView[];
  readonly accumulated: readonly NumericView[];
}

export interface RoundingInput {
  readonly sample: string;
  readonly shape: readonly number[];
  readonly reference: NumericView;
  readonly candidate: NumericView;
  readonly perturbed: readonly NumericView[];
  readonly twins: Twins | null;
  /**
   * One output step of a quantised reference: two correct kernels may round a value to either side, so a distance up to one
   * step says nothing. Larger ones count in full.
   */
  readonly step?: number;
}

/** Distances of the slices of one partition; arrays have one number a slice. */
export interface SliceTable {
  readonly axis: number | null;
  readonly count: number;
  /** rms and largest magnitude of the reference. */
  readonly scale: Float64Array;
  readonly peak: Float64Array;
  /** |candidate − reference|: largest, and rms. */
  readonly error: Float64Array;
  readonly errorRms: Float64Array;
  /** |perturbed − reference| over all runs: largest, and rms. Null without perturbed runs. */
  readonly floor: Float64Array | null;
  readonly floorRms: Float64Array | null;
  readonly twin: TwinTable | null;
  /** The candidate's distances again, without the elements in which it jumps; null: it does not. */
  readonly calm: CalmTable | null;
}

export interface CalmTable {
  readonly error: Float64Array;
  readonly errorRms: Float64Array;
  readonly toReference: Float64Array | null;
  readonly candidateError: Float64Array | null;
}

export interface TwinTable {
  /** |reference − reference64|, |candidate − reference64|: what is known without a candidate64. */
  readonly referenceError: Float64Array;
  readonly toReference: Float64Array;
  /** |candidate64 − reference64| and |candidate − candidate64|; null without a candidate64. */
  readonly distance: Float64Array | null;
  readonly candidateError: Float64Array | null;
  /** |perturbed64 − reference64| and |accumulated64 − reference64|, largest over the runs. */
  readonly spread: Float64Array;
  readonly accumulated: Float64Array;
}

export interface SampleRounding {
  readonly sample: string;
  readonly tables: readonly SliceTable[];
  /** Share of elements that jump when perturbed. */
  readonly unstable: number;
  /** The same in float64, when weights alone move. */
  readonly unstable64: number;
  /** Share of further elements in which the candidate jumps: as rounding may do where the reference jumps when perturbed. */
  readonly jumps: number;
  /** Perturbed runs. */
  readonly runs: number;
}

/** Distances of one output in one sample, slice by slice. Elements that jump are left out of all of them. */
export function measureRounding({
  sample,
  shape,
  reference,
  candidate,
  perturbed,
  twins,
  step = 0,
}: RoundingInput): SampleRounding {
  const parts = partitionsOf(shape);
  const moved = perturbed.length === 0 ? null : largest(perturbed, reference);
  const moved64 = twins === null ? null : largest(twins.perturbed, twins.reference);
  // Float64 is asked about the function with weights moved and inputs as they are: what jumps there is another set.
  const skip64 =
    moved64 === null || twins === null || twins.perturbed.length === 0
      ? null
      : unstableElements(moved64.max, twins.reference, parts);
  const skip = union(moved === null ? null : unstableElements(moved.max, reference, parts), skip64);
  const error = beyondOneStep(finite(largest([candidate], reference)), step);
  const twin =
    twins === null || moved64 === null
      ? null
      : {
          referenceError: finite(largest([reference], twins.reference)).max,
          toReference: beyondOneStep(finite(largest([candidate], twins.reference)), step).max,
          distance: twins.candidate === null ? null : largest([twins.candidate], twins.reference).max,
          candidateError: twins.candidate === null ? null : finite(largest([candidate], twins.candidate)).max,
          spread: moved64.max,
          accumulated: largest(twins.accumulated, twins.reference).max,
        };
  const jumps = moved === null ? null : without(jumping(error.max, moved.max, reference, parts), skip);
  return {
    sample,
    runs: perturbed.length,
    unstable: shareOf(skip),
    unstable64: shareOf(skip64),
    jumps: shareOf(jumps),
    tables: parts.map((part) => tableOf(part, { reference, error, moved, twin, skip, skip64, jumps })),
  };
}

const shareOf = (mask: Uint8Array | null): number =>
  mask === null ? 0 : mask.reduce((n, s) => n + s, 0) / Math.max(1, mask.length);

/** What is masked in `mask` and not in `known`; null: nothing. */
function without(mask: Uint8Array | null, known: Uint8Array | null): Uint8Array | null {
  if (mask === null || known === null) return mask;
  const rest = mask.map((value, i) => value & (1 - (known[i] as number)));
  return rest.includes(1) ? rest : null;
}

interface Elementwise {
  readonly reference: NumericView;
  readonly error: Distances;
  readonly moved: Distances | null;
  readonly twin: { readonly [K in keyof TwinTable]: TwinTable[K] } | null;
  readonly skip: Uint8Array | null;
  readonly skip64: Uint8Array | null;
  readonly jumps: Uint8Array | null;
}

function tableOf(part: Partition, { reference, error, moved, twin, skip, skip64, jumps }: Elementwise): SliceTable {
  const max = (values: Float64Array): Float64Array => sliceMax(values, part, skip);
  return {
    axis: part.axis,
    count: reference.length / part.size,
    scale: sliceRms(reference, part, null),
    peak: slicePeak(reference, part),
    error: max(error.max),
    errorRms: sliceRms(error.max, part, skip),
    floor: moved === null ? null : max(moved.max),
    floorRms: moved === null ? null : sliceRms(moved.rms, part, skip),
    twin:
      twin === null
        ? null
        : {
            referenceError: max(twin.referenceError),
            toReference: max(twin.toReference),
            distance: twin.distance === null ? null : sliceMax(twin.distance, part, skip64),
            candidateError: twin.candidateError === null ? null : max(twin.candidateError),
            spread: sliceMax(twin.spread, part, skip64),
            accumulated: max(twin.accumulated),
          },
    calm: jumps === null ? null : calmTable(part, error, twin, union(skip, jumps)),
  };
}

function calmTable(part: Partition, error: Distances, twin: Elementwise['twin'], skip: Uint8Array | null): CalmTable {
  const max = (values: Float64Array | null | undefined): Float64Array | null =>
    values == null ? null : sliceMax(values, part, skip);
  return {
    error: sliceMax(error.max, part, skip),
    errorRms: sliceRms(error.max, part, skip),
    toReference: max(twin?.toReference),
    candidateError: max(twin?.candidateError),
  };
}

interface Distances {
  /** Largest |other − base| over the runs; infinite where only one of both is a number, 0 where both are the same NaN or infinity. */
  readonly max: Float64Array;
  /** Root of the mean over the runs of the squared distance. */
  readonly rms: Float64Array;
}

function largest(others: readonly NumericView[], base: NumericView): Distances {
  const max = new Float64Array(base.length);
  const rms = others.length > 1 ? new Float64Array(base.length) : max;
  for (const other of others) {
    for (let i = 0; i < base.length; i++) {
      const [a, b] = [other[i] as number, base[i] as number];
      const d = Math.abs(a - b);
      // NaN − NaN and ∞ − ∞ are NaN; a lone NaN or infinity is a jump.
      const size = Number.isNaN(d) ? (Object.is(a, b) ? 0 : Number.POSITIVE_INFINITY) : d;
      if (size > (max[i] as number)) max[i] = size;
      if (rms !== max) rms[i] = (rms[i] as number) + size * size;
    }
  }
  if (rms !== max) for (let i = 0; i < rms.length; i++) rms[i] = Math.sqrt((rms[i] as number) / others.length);
  return { max, rms };
}

/** Lone NaN and infinities of the deployed models are findings of their own, before any distance. */
function finite({ max, rms }: Distances): Distances {
  for (const values of [max, rms])
    for (let i = 0; i < values.length; i++) if (values[i] === Number.POSITIVE_INFINITY) values[i] = 0;
  return { max, rms };
}

/** Multiples of a step, subtracted in double precision, miss it by a few ulps. */
const STEP_SLACK = 1 + 2 ** -40;

function beyondOneStep({ max, rms }: Distances, step: number): Distances {
  if (step > 0)
    for (const values of [max, rms])
      for (let i = 0; i < values.length; i++) if ((values[i] as number) <= step * STEP_SLACK) values[i] = 0;
  return { max, rms };
}

function union(a: Uint8Array | null, b: Uint8Array | null): Uint8Array | null {
  if (a === null || b === null) return a ?? b;
  return a.map((value, i) => value | (b[i] as number));
}
