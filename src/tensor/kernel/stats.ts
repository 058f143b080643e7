import * as slot from './assembly/layout.ts';
import { BINS } from './bins.ts';

/** Of a row that no chunk holds as a whole: largest reference and its place, largest candidate and its place, the reference there. */
export const PIECE = 5;
/** One chunk's results as doubles: the kernel's slots, the histogram, a piece of a row. What threads hand over. */
export const FIELDS: number = slot.SLOTS + BINS + PIECE;

/** Everything that one pass over two tensors leaves behind (compare/values/moments.ts says what each is). */
export interface PassStats {
  elements: number;
  zeros: number;
  nonFinite: number;
  finiteReference: number;
  nanMismatches: number;
  infMismatches: number;
  violations: number;
  maxAbs: number;
  maxAbsExact: bigint | null;
  maxRel: number;
  maxRelAt: number | null;
  sumAbs: number;
  sumSquares: number;
  sumCandidate: number;
  sumProduct: number;
  sumReference: number;
  /** Σ reference² of the finite references whose candidate is not finite. */
  loneSquares: number;
  rowsAgreeing: number;
  identical: boolean;
  counts: Float64Array;
  worst: { at: number; error: number }[];
  worstOutside: { at: number; error: number } | null;
}

const bits = new Float64Array(1);
const word = new BigUint64Array(bits.buffer);

/** The numbers of one chunk of `elements` elements, by name. */
export function statsOf(fields: Float64Array, elements: number, wide: boolean): PassStats {
  const at = (i: number): number => fields[i] as number;
  bits[0] = at(slot.MAX_EXACT);
  const exact = word[0] as bigint;
  return {
    elements,
    zeros: at(slot.ZEROS),
    nonFinite: at(slot.NON_FINITE),
    finiteReference: elements - at(slot.NON_FINITE) + at(slot.LONE_REFERENCES),
    nanMismatches: at(slot.NAN_MISMATCHES),
    infMismatches: at(slot.INF_MISMATCHES),
    violations: at(slot.VIOLATIONS),
    maxAbs: wide ? Number(exact) : at(slot.MAX_ABS),
    maxAbsExact: wide ? exact : null,
    maxRel: at(slot.MAX_REL),
    maxRelAt: at(slot.MAX_REL_AT) < 0 ? null : at(slot.MAX_REL_AT),
    sumAbs: at(slot.SUM_ABS),
    sumSquares: at(slot.SUM_SQUARES),
    sumCandidate: at(slot.SUM_CANDIDATE),
    sumProduct: at(slot.SUM_PRODUCT),
    sumReference: at(slot.SUM_REFERENCE),
    loneSquares: at(slot.LONE_SQUARES),
    rowsAgreeing: at(slot.ROWS_AGREEING),
    identical: at(slot.IDENTICAL) === 1,
    counts: fields.slice(slot.SLOTS, slot.SLOTS + BINS),
    worst: Array.from({ length: at(slot.WORST_COUNT) }, (_, i) => ({
      at: at(slot.WORST_AT + 2 * i),
      error: at(slot.WORST_AT + 2 * i + 1),
    })),
    worstOutside:
      at(slot.OUTSIDE_AT) < 0
        ? wide && at(slot.WORST_COUNT) > 0
          ? { at: at(slot.WORST_AT), error: at(slot.WORST_AT + 1) }
          : null
        : { at: at(slot.OUTSIDE_AT), error: at(slot.OUTSIDE_ERROR) },
  };
}

const SUMS = [
  'elements',
  'zeros',
  'nonFinite',
  'finiteReference',
  'nanMismatches',
  'infMismatches',
  'violations',
  'sumAbs',
  'sumSquares',
  'sumCandidate',
  'sumProduct',
  'sumReference',
  'loneSquares',
  'rowsAgreeing',
] as const;

/** Joins a later chunk to the earlier ones: in order of the chunks, so that threads do not change a bit of any sum. */
export function mergeStats(total: PassStats, more: PassStats): void {
  for (const key of SUMS) total[key] += more[key];
  total.maxAbs = Math.max(total.maxAbs, more.maxAbs);
  if (more.maxRel > total.maxRel) [total.maxRel, total.maxRelAt] = [more.maxRel, more.maxRelAt];
  if (more.maxAbsExact !== null && more.maxAbsExact > (total.maxAbsExact ?? -1n)) total.maxAbsExact = more.maxAbsExact;
  total.identical &&= more.identical;
  for (let i = 0; i < total.counts.length; i++)
    total.counts[i] = (total.counts[i] as number) + (more.counts[i] as number);
  total.worst = [...total.worst, ...more.worst]
    .sort((a, b) => (a.error === b.error ? a.at - b.at : a.error < b.error ? 1 : -1))
    .slice(0, slot.WORST);
  if (more.worstOutside !== null && more.worstOutside.error > (total.worstOutside?.error ?? -1))
    total.worstOutside = more.worstOutside;
}
