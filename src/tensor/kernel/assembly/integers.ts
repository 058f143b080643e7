import { MAX_EXACT, MAX_REL, MAX_REL_AT, SUM_ABS, SUM_SQUARES, VIOLATIONS, ZEROS } from './layout';
import { add, count, get, set, STATE } from './memory';
import { addWorst, worstThreshold } from './rare';

/** 64-bit integers, exact beyond 2^53. Only distances are measured: products and cosines of ids mean nothing. */
export function compareIntegers<T>(reference: usize, candidate: usize, n: i32, base: f64): void {
  let sum: f64 = 0;
  let squares: f64 = 0;
  let zeros = 0;
  for (let i = 0; i < n; i++) {
    const r = load<T>(reference + (<usize>i << 3));
    const c = load<T>(candidate + (<usize>i << 3));
    if (r == c) {
      zeros++;
      continue;
    }
    // Two's complement: the distance of any two fits 64 unsigned bits.
    const exact = c > r ? <u64>c - <u64>r : <u64>r - <u64>c;
    const d = <f64>exact;
    sum += d;
    squares += d * d;
    count(reinterpret<i64>(d), 0);
    if (exact > load<u64>(STATE + (MAX_EXACT << 3))) store<u64>(STATE + (MAX_EXACT << 3), exact);
    const size = abs(<f64>r);
    if (size > 0 && d > get(MAX_REL) * size) {
      set(MAX_REL, d / size);
      set(MAX_REL_AT, base + <f64>i);
    }
    if (d > worstThreshold()) addWorst(base + <f64>i, d);
  }
  add(ZEROS, <f64>zeros);
  add(VIOLATIONS, <f64>(n - zeros));
  add(SUM_ABS, sum);
  add(SUM_SQUARES, squares);
}
