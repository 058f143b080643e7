import {
  ATOL, INF_MISMATCHES, LONE_REFERENCES, LONE_SQUARES, MAX_ABS, MAX_REL, MAX_REL_AT, NAN_MISMATCHES, NON_FINITE, OUTSIDE_AT, OUTSIDE_ERROR,
  RTOL, SUM_ABS, SUM_CANDIDATE, SUM_PRODUCT, SUM_REFERENCE, SUM_SQUARES, VIOLATIONS, WORST, WORST_AT, WORST_COUNT, ZEROS,
} from './layout';
import { add, count, get, set, STATE } from './memory';

/** Only errors above this can still enter the list of the worst. */
export function worstThreshold(): f64 {
  return get(WORST_COUNT) < WORST ? 0 : get(WORST_AT + 2 * WORST - 1);
}

/** Worst first, the earlier index first among equals. */
export function addWorst(at: f64, error: f64): void {
  let slot = <i32>get(WORST_COUNT);
  if (slot == WORST) slot--;
  else set(WORST_COUNT, slot + 1);
  while (slot > 0 && get(WORST_AT + 2 * slot - 1) < error) {
    set(WORST_AT + 2 * slot, get(WORST_AT + 2 * slot - 2));
    set(WORST_AT + 2 * slot + 1, get(WORST_AT + 2 * slot - 1));
    slot--;
  }
  set(WORST_AT + 2 * slot, at);
  set(WORST_AT + 2 * slot + 1, error);
}

/** The records of a finite pair: what the hot loop only asks whether it is due. */
export function records(at: f64, r: f64, c: f64): void {
  const d = abs(c - r);
  const size = abs(r);
  if (d > get(MAX_ABS)) set(MAX_ABS, d);
  if (d > get(MAX_REL) * size && size > 0) {
    set(MAX_REL, d / size);
    set(MAX_REL_AT, at);
  }
  if (d > worstThreshold()) addWorst(at, d);
  if (d > get(ATOL) + get(RTOL) * size) outside(at, d);
}

function outside(at: f64, error: f64): void {
  if (error <= get(OUTSIDE_ERROR)) return;
  set(OUTSIDE_ERROR, error);
  set(OUTSIDE_AT, at);
}

/** One element by itself: at the end of a block, and wherever a difference is not finite. */
export function element(at: f64, r: f64, c: f64): void {
  const d = abs(c - r);
  if (d < Infinity) {
    if (d == 0) add(ZEROS, 1);
    sums(r, c, d);
    count(reinterpret<i64>(d), 0);
    if (d > get(ATOL) + get(RTOL) * abs(r)) add(VIOLATIONS, 1);
    records(at, r, c);
  } else if (disagree(r, c)) {
    // A mismatch of NaN or infinities, or a difference that overflows a double: beyond any tolerance.
    add(VIOLATIONS, 1);
    if (worstThreshold() < Infinity) addWorst(at, Infinity);
    outside(at, Infinity);
  }
}

function sums(r: f64, c: f64, d: f64): void {
  add(SUM_REFERENCE, r * r);
  add(SUM_CANDIDATE, c * c);
  add(SUM_PRODUCT, r * c);
  add(SUM_ABS, d);
  add(SUM_SQUARES, d * d);
}

const finite = (x: f64): bool => abs(x) < Infinity;

function disagree(r: f64, c: f64): bool {
  if (finite(r) && finite(c)) {
    sums(r, c, Infinity);
    set(MAX_ABS, Infinity);
    set(MAX_REL, Infinity);
    return true;
  }
  add(NON_FINITE, 1);
  if (finite(r)) {
    add(LONE_REFERENCES, 1);
    add(LONE_SQUARES, r * r);
  }
  if (r == c || (r != r && c != c)) {
    add(ZEROS, 1);
    // The histogram's first cell counts all that agree; the host takes them out again.
    count(0, 0);
    return false;
  }
  add(r != r || c != c ? NAN_MISMATCHES : INF_MISMATCHES, 1);
  return true;
}
