import { argmax, argmaxRows } from './argmax';
import { compareFloats } from './floats';
import { compareIntegers } from './integers';
import { ATOL, CELLS, IDENTICAL, MAX_REL_AT, OUTSIDE_AT, OUTSIDE_ERROR, RTOL, SLICES, SLOTS } from './layout';
import { EDGES, HISTOGRAM, RAW, SLICE_TABLE, STATE, set, WIDE } from './memory';
import { squares } from './scale';

export { slices } from './slices';
export { widen32, widen64, widenInt } from './widen';

/** Where things lie, for the host. */
export function stateAt(): usize { return STATE; }
export function edgesAt(): usize { return EDGES; }
export function histogramAt(): usize { return HISTOGRAM; }
export function slicesAt(): usize { return SLICE_TABLE; }
export function rawAt(): usize { return RAW; }
export function wideAt(): usize { return WIDE; }

/** Forgets everything of the chunk before. */
export function begin(atol: f64, rtol: f64): void {
  memory.fill(STATE, 0, SLOTS * 8);
  memory.fill(HISTOGRAM, 0, CELLS * 4 * 2);
  set(ATOL, atol);
  set(RTOL, rtol);
  set(MAX_REL_AT, -1);
  set(OUTSIDE_AT, -1);
  set(OUTSIDE_ERROR, -1);
  set(IDENTICAL, 1);
}

export function beginSlices(): void { memory.fill(SLICE_TABLE, 0, SLICES * 4 * 8); }

export function compare32(a: usize, b: usize, n: i32, base: f64): void { compareFloats<f32>(a, b, n, base); }
export function compare64(a: usize, b: usize, n: i32, base: f64): void { compareFloats<f64>(a, b, n, base); }
export function compareSigned(a: usize, b: usize, n: i32, base: f64): void { compareIntegers<i64>(a, b, n, base); }
export function compareUnsigned(a: usize, b: usize, n: i32, base: f64): void { compareIntegers<u64>(a, b, n, base); }
export function rows32(a: usize, b: usize, rows: i32, columns: i32): void { argmaxRows<f32>(a, b, rows, columns); }
export function rows64(a: usize, b: usize, rows: i32, columns: i32): void { argmaxRows<f64>(a, b, rows, columns); }
export function argmax32(a: usize, n: i32): i32 { return argmax<f32>(a, n); }
export function argmax64(a: usize, n: i32): i32 { return argmax<f64>(a, n); }
export function squares32(a: usize, n: i32, factor: f64): void { squares<f32>(a, n, factor); }
export function squares64(a: usize, n: i32, factor: f64): void { squares<f64>(a, n, factor); }

/** Whether both sides agree bit by bit: 0 and −0 are equal numbers, but not identical. */
export function compareBytes(a: usize, b: usize, bytes: i32): void {
  let i: usize = 0;
  for (; i + 16 <= <usize>bytes; i += 16) {
    if (v128.any_true(v128.xor(v128.load(a + i), v128.load(b + i)))) return set(IDENTICAL, 0);
  }
  for (; i < <usize>bytes; i++) if (load<u8>(a + i) != load<u8>(b + i)) return set(IDENTICAL, 0);
}
