import type { Args } from './entry.ts';

export const list = (value: unknown): string => (Array.isArray(value) ? value.map(String).join(', ') : String(value));

/** The first few of a list that may be long. */
export const some = (value: unknown): string =>
  Array.isArray(value) && value.length > 6 ? `${list(value.slice(0, 6))} …` : list(value);

/** A measure in a sentence: four significant digits say enough. Texts (`NaN`, 64-bit integers, percentages) stay. */
export const number = (value: unknown): string =>
  typeof value === 'number' && !Number.isInteger(value) ? String(Number(value.toPrecision(4))) : String(value);

/** An element in a sentence: nine digits tell any two float32 apart. */
export const value = (v: unknown): string => (typeof v === 'number' ? String(Number(v.toPrecision(9))) : String(v));

export const place = (a: Readonly<Record<string, unknown>>): string =>
  a.sample === undefined
    ? ''
    : ` (worst in sample ${String(a.sample)}${a.axis == null ? '' : `, slice ${String(a.index)} of axis ${String(a.axis)}`})`;

export const more = (count: unknown): string =>
  typeof count === 'number' && count > 1 ? ` (and ${count - 1} more)` : '';

/** Where a second answer was asked for. */
export const again = ({ differs }: Args): string =>
  differs === 'process' ? 'in a new process' : 'when it is run again';

/** How far two answers of one model lay apart, with the sample; nothing where no number tells. */
export const howFar = ({ maxAbs, scaled, sample }: Args): string =>
  maxAbs == null
    ? ` (sample ${String(sample)})`
    : ` (off by ${number(maxAbs)}${scaled == null ? '' : `, ${String(Number(Number(scaled).toPrecision(2)))} of its scale,`} in sample ${String(sample)})`;

export function answersDifferently(a: Args): string {
  const causes = `${a.differs === 'graph' ? '' : ': likely '}${Array.isArray(a.causes) ? a.causes.join(', or ') : String(a.causes)}; ${String(a.remedy)}`;
  if (a.differs === 'graph') return `is random by its graph: ${causes}`;
  if (a.output == null) return `cannot be run a second time ${again(a)} (${String(a.message)})${causes}`;
  return `answers differently ${again(a)}: output ${String(a.output)}${howFar(a)}${causes}`;
}
