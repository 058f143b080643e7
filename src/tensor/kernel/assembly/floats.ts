import { ATOL, MAX_ABS, MAX_REL, OUTSIDE_ERROR, RTOL, SUM_ABS, SUM_CANDIDATE, SUM_PRODUCT, SUM_REFERENCE, SUM_SQUARES, VIOLATIONS, ZEROS } from './layout';
import { add, count, get } from './memory';
import { element, records, worstThreshold } from './rare';

/** Elements whose sums are added up by themselves first: rounding grows with the length of a chain, and short chains add pairwise. */
const RUN = 2048;

/** Two elements as doubles: float32 is compared in double precision, as the scalar kernel does. */
@inline function two<T>(at: usize): v128 {
  return sizeof<T>() == 4 ? f64x2.promote_low_f32x4(v128.load64_zero(at)) : v128.load(at);
}

@inline function both(v: v128): f64 {
  return f64x2.extract_lane(v, 0) + f64x2.extract_lane(v, 1);
}

/** Lanes that a comparison said yes to are −1 as integers. */
@inline function ones(v: v128): f64 {
  return -<f64>(i64x2.extract_lane(v, 0) + i64x2.extract_lane(v, 1));
}

/** Above this a difference enters a record or is not finite. The 5th worst is below the largest unless infinities fill the list. */
@inline function alarm(): v128 {
  return f64x2.splat(min(min(worstThreshold(), get(MAX_ABS)), f64.MAX_VALUE));
}

/** `n` elements of two sides; `base` is the index of the first in the whole tensor. */
export function compareFloats<T>(reference: usize, candidate: usize, n: i32, base: f64): void {
  for (let from = 0; from < n; from += RUN) {
    const offset = <usize>from * sizeof<T>();
    run<T>(reference + offset, candidate + offset, min(RUN, n - from), base + <f64>from);
  }
}

function run<T>(reference: usize, candidate: usize, n: i32, base: f64): void {
  const atol = f64x2.splat(get(ATOL));
  const rtol = f64x2.splat(get(RTOL));
  const none = f64x2.splat(0);
  const infinite = f64x2.splat(Infinity);
  let threshold = alarm();
  let rel = f64x2.splat(get(MAX_REL));
  let outside = f64x2.splat(get(OUTSIDE_ERROR));
  let zeros = i64x2.splat(0);
  let violations = i64x2.splat(0);
  let abss = none;
  let squares = none;
  let references = none;
  let candidates = none;
  let products = none;
  const step = 2 * sizeof<T>();
  let i = 0;
  for (; i <= n - 4; i += 4, reference += 2 * step, candidate += 2 * step) {
    const r0 = two<T>(reference);
    const r1 = two<T>(reference + step);
    const c0 = two<T>(candidate);
    const c1 = two<T>(candidate + step);
    const d0 = f64x2.abs(f64x2.sub(c0, r0));
    const d1 = f64x2.abs(f64x2.sub(c1, r1));
    const s0 = f64x2.abs(r0);
    const s1 = f64x2.abs(r1);
    const v0 = f64x2.gt(d0, f64x2.add(atol, f64x2.mul(rtol, s0)));
    const v1 = f64x2.gt(d1, f64x2.add(atol, f64x2.mul(rtol, s1)));
    // Written with ≤ so that NaN is no quiet lane. maxRel by product: a division an element would cost more than the rest.
    const quiet = v128.and(
      v128.and(f64x2.le(d0, threshold), f64x2.le(d1, threshold)),
      v128.and(f64x2.le(d0, f64x2.mul(rel, s0)), f64x2.le(d1, f64x2.mul(rel, s1))),
    );
    const loud = v128.or(v128.and(v0, f64x2.gt(d0, outside)), v128.and(v1, f64x2.gt(d1, outside)));
    if (!i64x2.all_true(v128.andnot(quiet, loud))) {
      const regular = i64x2.all_true(v128.and(f64x2.lt(d0, infinite), f64x2.lt(d1, infinite)));
      for (let k = 0; k < 4; k++) {
        const r = <f64>load<T>(reference + <usize>k * sizeof<T>());
        const c = <f64>load<T>(candidate + <usize>k * sizeof<T>());
        if (regular) records(base + <f64>(i + k), r, c);
        else element(base + <f64>(i + k), r, c);
      }
      threshold = alarm();
      rel = f64x2.splat(get(MAX_REL));
      outside = f64x2.splat(get(OUTSIDE_ERROR));
      if (!regular) continue;
    }
    violations = i64x2.add(violations, i64x2.add(v0, v1));
    zeros = i64x2.add(zeros, i64x2.add(f64x2.eq(d0, none), f64x2.eq(d1, none)));
    abss = f64x2.add(abss, f64x2.add(d0, d1));
    squares = f64x2.add(squares, f64x2.add(f64x2.mul(d0, d0), f64x2.mul(d1, d1)));
    references = f64x2.add(references, f64x2.add(f64x2.mul(r0, r0), f64x2.mul(r1, r1)));
    candidates = f64x2.add(candidates, f64x2.add(f64x2.mul(c0, c0), f64x2.mul(c1, c1)));
    products = f64x2.add(products, f64x2.add(f64x2.mul(r0, c0), f64x2.mul(r1, c1)));
    count(i64x2.extract_lane(d0, 0), 0);
    count(i64x2.extract_lane(d0, 1), 1);
    count(i64x2.extract_lane(d1, 0), 0);
    count(i64x2.extract_lane(d1, 1), 1);
  }
  add(VIOLATIONS, ones(violations));
  add(ZEROS, ones(zeros));
  add(SUM_ABS, both(abss));
  add(SUM_SQUARES, both(squares));
  add(SUM_REFERENCE, both(references));
  add(SUM_CANDIDATE, both(candidates));
  add(SUM_PRODUCT, both(products));
  for (; i < n; i++, reference += sizeof<T>(), candidate += sizeof<T>()) {
    element(base + <f64>i, <f64>load<T>(reference), <f64>load<T>(candidate));
  }
}
