import { FINITE_COUNT, FINITE_LARGEST, FINITE_SQUARES } from './layout';
import { add, get, set } from './memory';

/** As in floats.ts: short chains first. */
const RUN = 2048;

/** Σ(x·factor)² of the finite elements, their number and the largest of their magnitudes. */
export function squares<T>(at: usize, n: i32, factor: f64): void {
  for (let from = 0; from < n; from += RUN) run<T>(at + <usize>from * sizeof<T>(), min(RUN, n - from), factor);
}

function run<T>(at: usize, n: i32, factor: f64): void {
  const infinite = f64x2.splat(Infinity);
  const by = f64x2.splat(factor);
  let sum = f64x2.splat(0);
  let largest = f64x2.splat(0);
  let finite = i64x2.splat(0);
  let i = 0;
  for (; i <= n - 2; i += 2) {
    const place = at + <usize>i * sizeof<T>();
    const x = f64x2.abs(sizeof<T>() == 4 ? f64x2.promote_low_f32x4(v128.load64_zero(place)) : v128.load(place));
    const regular = f64x2.lt(x, infinite);
    const kept = v128.and(x, regular);
    const scaled = f64x2.mul(kept, by);
    sum = f64x2.add(sum, f64x2.mul(scaled, scaled));
    largest = f64x2.max(largest, kept);
    finite = i64x2.sub(finite, regular);
  }
  let rest = f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1);
  let most = max(f64x2.extract_lane(largest, 0), f64x2.extract_lane(largest, 1));
  let number = <f64>(i64x2.extract_lane(finite, 0) + i64x2.extract_lane(finite, 1));
  if (i < n) {
    const x = abs(<f64>load<T>(at + <usize>i * sizeof<T>()));
    if (x < Infinity) {
      rest += x * factor * (x * factor);
      most = max(most, x);
      number++;
    }
  }
  add(FINITE_SQUARES, rest);
  add(FINITE_COUNT, number);
  set(FINITE_LARGEST, max(most, get(FINITE_LARGEST)));
}
