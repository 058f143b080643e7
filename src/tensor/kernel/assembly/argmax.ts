import { ATOL, ROWS_AGREEING, RTOL } from './layout';
import { add, get } from './memory';

/** The first NaN, as numpy has it, else the first largest. */
export function argmax<T>(at: usize, n: i32): i32 {
  const lanes = <i32>(16 / sizeof<T>());
  let largest = load<T>(at);
  let nan = largest != largest;
  let i = 0;
  if (n >= 4 * lanes) {
    // Four chains, so that none waits for the one before; NaN is looked for apart, because a maximum that keeps it costs six times as much.
    let m0 = v128.load(at), m1 = m0, m2 = m0, m3 = m0;
    let odd = v128.ne<T>(m0, m0);
    for (; i <= n - 4 * lanes; i += 4 * lanes) {
      const place = at + <usize>i * sizeof<T>();
      const v0 = v128.load(place), v1 = v128.load(place, 16), v2 = v128.load(place, 32), v3 = v128.load(place, 48);
      m0 = v128.pmax<T>(m0, v0);
      m1 = v128.pmax<T>(m1, v1);
      m2 = v128.pmax<T>(m2, v2);
      m3 = v128.pmax<T>(m3, v3);
      odd = v128.or(odd, v128.or(v128.or(v128.ne<T>(v0, v0), v128.ne<T>(v1, v1)), v128.or(v128.ne<T>(v2, v2), v128.ne<T>(v3, v3))));
    }
    nan = nan || v128.any_true(odd);
    v128.store(SPILL, v128.pmax<T>(v128.pmax<T>(m0, m1), v128.pmax<T>(m2, m3)));
    for (let lane = 0; lane < lanes; lane++) largest = max<T>(largest, load<T>(SPILL + <usize>lane * sizeof<T>()));
  }
  for (; i < n; i++) {
    const x = load<T>(at + <usize>i * sizeof<T>());
    nan = nan || x != x;
    largest = max<T>(largest, x);
  }
  return first<T>(at, n, largest, nan);
}

const SPILL: usize = memory.data(16, 16);

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
