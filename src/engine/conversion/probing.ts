import type { Conversion } from '../../plan/conversion.ts';
import type { InputPlan } from '../../records/rules.ts';
import type { Sample } from '../../records/sample.ts';
import { findAxes } from '../../sample/axes.ts';
import type { Probe } from '../steps/probes.ts';

/** What both sides are asked beyond the samples, to learn whether they are fit (design 6.2). */
export interface Probing {
  /** Samples that are run twice: as few as tell, since they cost a run each. */
  readonly repeated: readonly Sample[];
  /** The sample whose rows are run alone; null: the model has no batch, or no sample of several rows. */
  readonly rows: Sample | null;
  /** The runs in the same process, in order: repeats last, so that a state has had the time to drift. */
  readonly probes: readonly Probe[];
}

export function probingOf(conversion: Conversion, inputs: readonly InputPlan[], samples: readonly Sample[]): Probing {
  const repeated = repeatedSamples(samples, conversion.deep);
  const rows = rowSample(inputs, samples);
  const count = rows?.inputs[0]?.shape[0] ?? 0;
  const alone = Array.from({ length: count }, (_, row) => ({
    id: rowId(rows as Sample, row),
    sample: rows as Sample,
    row,
  }));
  return { repeated, rows, probes: [...alone, ...repeated.map((s) => ({ id: againId(s), sample: s, row: null }))] };
}

export const againId = ({ id }: Sample): string => `${id}#again`;
export const rowId = ({ id }: Sample, row: number): string => `${id}#row${row}`;

/**
 * An ordinary sample; with time at hand also the first and one with other sizes. Never zeros alone: nothing can be
 * dropped from them, and a normalisation may be ill-conditioned there.
 */
function repeatedSamples(samples: readonly Sample[], deep: boolean): Sample[] {
  const ordinary = samples.find((s) => isOrdinary(s) && !isSwept(s)) ?? samples.find((s) => s.generator === 'file');
  const first = samples[0];
  const chosen = ordinary ?? first;
  if (chosen === undefined || first === undefined) return [];
  if (!deep) return [chosen];
  const other = samples.find((s) => isOrdinary(s) && leadingSize(s) !== leadingSize(chosen));
  return [...new Set([chosen, first, ...(other === undefined ? [] : [other])])];
}

const isOrdinary = ({ generator, group }: Sample): boolean =>
  group === undefined && (generator === 'normal' || generator === 'uniform');
const isSwept = ({ id }: Sample): boolean => id.includes('[');
const leadingSize = ({ inputs }: Sample): number | undefined => inputs[0]?.shape[0];

/** More rows than this tell nothing new. */
const MAX_ROWS = 4;

/** An ordinary sample of a few rows, where the leading dimension of every input is the batch. The most rows count. */
function rowSample(inputs: readonly InputPlan[], samples: readonly Sample[]): Sample | null {
  const axes = findAxes({ inputs: [...inputs], dims: {} });
  const batch = new Set(axes.all.filter(({ isBatch }) => isBatch).map(({ key }) => key));
  const leading = inputs.map((input) => axes.keysOf(input)[0] ?? '');
  if (leading.length === 0 || !leading.every((key) => batch.has(key)) || new Set(leading).size > 1) return null;
  const fitting = samples.filter((s) => {
    const rows = leadingSize(s) ?? 0;
    return isOrdinary(s) && rows > 1 && rows <= MAX_ROWS && s.inputs.every(({ shape }) => shape[0] === rows);
  });
  return fitting.toSorted((a, b) => (leadingSize(b) ?? 0) - (leadingSize(a) ?? 0))[0] ?? null;
}
