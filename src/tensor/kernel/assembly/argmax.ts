import { ATOL, ROWS_AGREEING, RTOL } from './layout';
import { add, get } from './memory';

/** The first NaN, as numpy has it, else the first largest. */
export function argmax<T>(at: usize, n: i32): i32 {
  const lanes = 16 / sizeof<T>();
  let largest = load<T>(at);
  let i = 0;
  if (n >= 2 * <i32>lanes) {
    let wide = v128.load(at);
    for (i = <i32>lanes; i <= n - <i32>lanes; i += <i32>lanes) wide = v128.max<T>(wide, v128.load(at + <usize>i * sizeof<T>()));
    largest = v128.extract_lane<T>(wide, 0);
    for (let lane = 1; lane < <i32>lanes; lane++) {
      // NaN spreads through max, as in the lanes.
      largest = max<T>(largest, load<T>(spill(wide) + <usize>lane * sizeof<T>()));
    }
  }
  for (; i < n; i++) largest = max<T>(largest, load<T>(at + <usize>i * sizeof<T>()));
  if (largest != largest) return first<T>(at, n, largest, true);
  return first<T>(at, n, largest, false);
}

const SPILL: usize = memory.data(16, 16);
@inline function spill(v: v128): usize {
  v128.store(SPILL, v);
  return SPILL;
}

function first<T>(at: usize, n: i32, wanted: T, nan: bool): i32 {
  const lanes = <i32>(16 / sizeof<T>());
  let i = 0;
  const pattern = v128.splat<T>(wanted);
  for (; i <= n - lanes; i += lanes) {
    const v = v128.load(at + <usize>i * sizeof<T>());
    if (v128.any_true(nan ? v128.ne<T>(v, v) : v128.eq<T>(v, pattern))) break;
  }
  for (; i < n; i++) {
    const x = load<T>(at + <usize>i * sizeof<T>());
    if (nan ? x != x : x == wanted) return i;
  }
  return 0;
}

/** Rows whose largest value is at the same place, or at two places that the reference scores alike within the tolerance. */
export function argmaxRows<T>(reference: usize, candidate: usize, rows: i32, columns: i32): void {
  const row = <usize>columns * sizeof<T>();
  let agreeing = 0;
  for (let i = 0; i < rows; i++, reference += row, candidate += row) {
    const r = argmax<T>(reference, columns);
    const c = argmax<T>(candidate, columns);
    if (r == c || tied(<f64>load<T>(reference + <usize>r * sizeof<T>()), <f64>load<T>(reference + <usize>c * sizeof<T>()))) agreeing++;
  }
  add(ROWS_AGREEING, <f64>agreeing);
}

function tied(a: f64, b: f64): bool {
  return a == b || abs(a - b) <= get(ATOL) + get(RTOL) * max(abs(a), abs(b));
}
