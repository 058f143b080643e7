import type { Moments } from '../values/moments.ts';

/** NaN is how arithmetic says that a measure is not defined; records say null. */
export const defined = (value: number): number | null => (Number.isNaN(value) ? null : value);

/** Null for 0/0 and for anything over 0. */
export const ratio = (part: number, whole: number): number | null => (whole > 0 ? defined(part / whole) : null);

export const root = (value: number | null): number | null => (value === null ? null : Math.sqrt(value));

/** Elements that are finite on both sides. */
export const finitePairs = (m: Moments): number => m.elements - m.nonFinite;
