import { fromNum, type Num } from '../records/numbers.ts';
import { visible } from './escape.ts';

type Value = Num | boolean | null | undefined;
const NOT_NUMBERS: Record<string, string> = { NaN: 'NaN', Infinity: '∞', '-Infinity': '−∞' };

/** At most 3 significant digits, exponent form below 1e-3 and from 10,000 on: what a measure is worth. `n/a` where none is. */
export function formatNumber(value: Value, digits = 3): string {
  if (value === null || value === undefined) return 'n/a';
  if (typeof value !== 'number') return formatOther(value);
  if (!Number.isFinite(value)) return NOT_NUMBERS[String(value)] ?? 'NaN';
  if (value === 0) return Object.is(value, -0) ? '-0' : '0';
  const size = Math.abs(value);
  if (Number.isInteger(value) && size < 10_000) return String(value);
  const rounded = Number(value.toPrecision(digits));
  if (Math.abs(rounded) >= 1e-3 && Math.abs(rounded) < 10_000) return String(rounded);
  const [mantissa = '', exponent = ''] = value.toExponential(digits - 1).split('e');
  return `${mantissa.includes('.') ? mantissa.replace(/\.?0+$/, '') : mantissa}e${exponent.replace('+', '')}`;
}

function formatOther(value: string | boolean): string {
  if (typeof value === 'boolean') return String(value);
  const named = NOT_NUMBERS[value];
  if (named !== undefined) return named;
  // Integers beyond 2^53 are exact or they are nothing; any other string is an element of a string tensor.
  if (/^-?\d{1,40}$/.test(value)) return value;
  const text = visible(value);
  return `"${text.length > 40 ? `${text.slice(0, 39)}…` : text}"`;
}

/** Two values that differ, with as many digits as it takes to see it. */
export function formatPair(reference: Value, candidate: Value): [string, string] {
  for (let digits = 3; digits < 17; digits += 1) {
    const pair: [string, string] = [formatElement(reference, digits), formatElement(candidate, digits)];
    if (pair[0] !== pair[1] || Object.is(reference, candidate)) return pair;
  }
  return [formatElement(reference, 17), formatElement(candidate, 17)];
}

/** Labels, token ids and counts are read digit by digit; measures are not. */
const formatElement = (value: Value, digits: number): string =>
  typeof value === 'number' && Number.isSafeInteger(value) && Math.abs(value) < 1e9 && !Object.is(value, -0)
    ? String(value)
    : formatNumber(value, digits);

/** |candidate − reference| of two elements for display; null where it is not a number. */
export function difference(reference: Value, candidate: Value): number | null {
  if (isNumeric(reference) && isNumeric(candidate)) {
    const d = Math.abs(fromNum(candidate) - fromNum(reference));
    return Number.isFinite(d) ? d : null;
  }
  return null;
}

const isNumeric = (value: Value): value is Num =>
  typeof value === 'number' || (typeof value === 'string' && /^-?\d{1,40}$/.test(value));

/** `37.5 %`; never `0 %` for something and never `100 %` for less than all. */
export function formatPercent(fraction: Num | null): string {
  if (fraction === null) return 'n/a';
  const percent = fromNum(fraction) * 100;
  const text = formatNumber(percent);
  return `${text === '100' && percent < 100 ? '>99.9' : text} %`;
}

/** `1 234 567` with narrow spaces. */
export const formatCount = (count: number): string => String(count).replace(/\B(?=(\d{3})+$)/g, '\u202f');

/** `42 ms`, `3.1 s`, `38 s`, `2 min 5 s`, `1 h 4 min`. */
export function formatDuration(milliseconds: number | null): string {
  if (milliseconds === null) return 'n/a';
  const seconds = milliseconds / 1000;
  if (milliseconds < 1000)
    return `${formatNumber(milliseconds < 10 ? milliseconds : Math.round(milliseconds), 2 + Number(milliseconds >= 10))} ms`;
  if (seconds < 10) return `${Number(seconds.toPrecision(2))} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  const minutes = Math.round(whole / 60);
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** Decimal units, as file managers and download pages count. */
export function formatBytes(bytes: number | null): string {
  if (bytes === null) return 'n/a';
  const unit = Math.min(4, Math.max(0, Math.floor(Math.log10(Math.max(1, bytes)) / 3)));
  return `${formatNumber(bytes / 1000 ** unit)} ${['B', 'kB', 'MB', 'GB', 'TB'][unit] ?? 'B'}`;
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** `20 Nov 2026 14:02 UTC`, the same wherever it is rendered; the text itself where it is no date. */
export function formatDate(iso: string): string {
  const date = new Date(iso);
  if (Number.isNaN(date.getTime())) return visible(iso);
  const two = (n: number): string => String(n).padStart(2, '0');
  return `${date.getUTCDate()} ${MONTHS[date.getUTCMonth()] ?? ''} ${date.getUTCFullYear()} ${two(date.getUTCHours())}:${two(date.getUTCMinutes())} UTC`;
}
