/**
 * What both sides of the border know: where the kernel keeps its results, in f64 slots of its linear memory.
 * The only file here that is TypeScript and AssemblyScript alike.
 */
export const ZEROS = 0;
export const NON_FINITE = 1;
export const NAN_MISMATCHES = 2;
export const INF_MISMATCHES = 3;
export const VIOLATIONS = 4;
export const MAX_ABS = 5;
export const MAX_REL = 6;
export const MAX_REL_AT = 7;
export const SUM_ABS = 8;
export const SUM_SQUARES = 9;
export const SUM_CANDIDATE = 10;
export const SUM_PRODUCT = 11;
export const SUM_REFERENCE = 12;
/** Over references that are finite while the candidate is not: with SUM_REFERENCE they make the scale. */
export const LONE_REFERENCES = 13;
export const LONE_SQUARES = 14;
export const OUTSIDE_AT = 15;
export const OUTSIDE_ERROR = 16;
/** The bits of an unsigned 64-bit integer. */
export const MAX_EXACT = 17;
/** 1 as long as all bytes agree. */
export const IDENTICAL = 18;
export const ROWS_AGREEING = 19;
/** Of `squares`: the sum, the count and the largest of the finite elements. */
export const FINITE_SQUARES = 20;
export const FINITE_COUNT = 21;
export const FINITE_LARGEST = 22;
/** How many of the worst elements are kept; numpy's messages show five as well. Pairs of (index, error), worst first. */
export const WORST = 5;
export const WORST_COUNT = 23;
export const WORST_AT = 24;
export const ATOL = 34;
export const RTOL = 35;
export const SLOTS = 36;

/** Histogram cells: two per exponent of a double, below and above the one bin edge that an octave can hold. */
export const EXPONENTS = 2048;
export const CELLS = 4096;

/** Most elements that one call takes: the buffers of both sides stay in a core's second-level cache (1 MiB and more). */
export const BLOCK = 32768;
/** Most slices of an axis whose maxima are kept apart (design 6.4). */
export const SLICES = 4096;
