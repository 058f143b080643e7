import { SLICE_TABLE } from './memory';

/**
 * Per slice of one axis: max |d|, Σd², max |reference|, Σreference², over elements finite on both sides whose difference is.
 * The element at flat index i belongs to slice ⌊i / inner⌋ mod size; `start` is the flat index of the first element here.
 */
export function slices(reference: usize, candidate: usize, n: i32, start: i64, size: i64, inner: i64): void {
  let slice = (start / inner) % size;
  let left = inner - (start % inner);
  for (let i = 0; i < n; ) {
    const run = <i32>min(<i64>(n - i), left);
    const at = <usize>i << 3;
    slab(reference + at, candidate + at, run, SLICE_TABLE + (<usize>slice << 5));
    i += run;
    left = inner;
    slice++;
    if (slice == size) slice = 0;
  }
}

function slab(reference: usize, candidate: usize, n: i32, to: usize): void {
  let most = load<f64>(to);
  let squares: f64 = 0;
  let largest = load<f64>(to, 16);
  let energy: f64 = 0;
  let i = 0;
  if (n >= 8) {
    const infinite = f64x2.splat(Infinity);
    let mostV = f64x2.splat(most);
    let squaresV = f64x2.splat(0);
    let largestV = f64x2.splat(largest);
    let energyV = f64x2.splat(0);
    for (; i <= n - 2; i += 2) {
      const r = v128.load(reference + (<usize>i << 3));
      const difference = f64x2.abs(f64x2.sub(v128.load(candidate + (<usize>i << 3)), r));
      const regular = f64x2.lt(difference, infinite);
      const d = v128.and(difference, regular);
      const s = v128.and(f64x2.abs(r), regular);
      mostV = f64x2.max(mostV, d);
      squaresV = f64x2.add(squaresV, f64x2.mul(d, d));
      largestV = f64x2.max(largestV, s);
      energyV = f64x2.add(energyV, f64x2.mul(s, s));
    }
    most = max(f64x2.extract_lane(mostV, 0), f64x2.extract_lane(mostV, 1));
    squares = f64x2.extract_lane(squaresV, 0) + f64x2.extract_lane(squaresV, 1);
    largest = max(f64x2.extract_lane(largestV, 0), f64x2.extract_lane(largestV, 1));
    energy = f64x2.extract_lane(energyV, 0) + f64x2.extract_lane(energyV, 1);
  }
  for (; i < n; i++) {
    const r = load<f64>(reference + (<usize>i << 3));
    const d = abs(load<f64>(candidate + (<usize>i << 3)) - r);
    if (!(d < Infinity)) continue;
    most = max(most, d);
    squares += d * d;
    largest = max(largest, abs(r));
    energy += r * r;
  }
  store<f64>(to, most);
  store<f64>(to, load<f64>(to, 8) + squares, 8);
  store<f64>(to, largest, 16);
  store<f64>(to, load<f64>(to, 24) + energy, 24);
}
