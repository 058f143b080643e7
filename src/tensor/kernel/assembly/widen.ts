/** Element types as the host numbers them (dtypes.ts). */
export const F64 = 0, F32 = 1, F16 = 2, BF16 = 3, I64 = 4, I32 = 5, I16 = 6, I8 = 7, U64 = 8, U32 = 9, U16 = 10, U8 = 11;

/** To float32, for the types that fit into it exactly. */
export function widen32(dtype: i32, from: usize, to: usize, n: i32): void {
  if (dtype == F16) halves(from, to, n);
  else if (dtype == BF16) for (let i = 0; i < n; i++) store<u32>(to + (<usize>i << 2), (<u32>load<u16>(from + (<usize>i << 1))) << 16);
  else if (dtype == I16) each<i16, f32>(from, to, n);
  else if (dtype == U16) each<u16, f32>(from, to, n);
  else if (dtype == I8) each<i8, f32>(from, to, n);
  else if (dtype == U8) each<u8, f32>(from, to, n);
  else memory.copy(to, from, <usize>n << 2);
}

/** To float64; 64-bit integers are rounded to nearest, as `Number(bigint)` does. */
export function widen64(dtype: i32, from: usize, to: usize, n: i32): void {
  if (dtype == F32) each<f32, f64>(from, to, n);
  else if (dtype == I64) each<i64, f64>(from, to, n);
  else if (dtype == U64) each<u64, f64>(from, to, n);
  else if (dtype == I32) each<i32, f64>(from, to, n);
  else if (dtype == U32) each<u32, f64>(from, to, n);
  else if (dtype == F64) memory.copy(to, from, <usize>n << 3);
  else {
    // Through float32, which holds the rest exactly, in the upper half of the target so that nothing is overwritten unread.
    const middle = to + (<usize>n << 2);
    widen32(dtype, from, middle, n);
    each<f32, f64>(middle, to, n);
  }
}

/** To 64-bit integers, for the types that fit. */
export function widenInt(dtype: i32, from: usize, to: usize, n: i32): void {
  if (dtype == I32) each<i32, i64>(from, to, n);
  else if (dtype == I16) each<i16, i64>(from, to, n);
  else if (dtype == I8) each<i8, i64>(from, to, n);
  else if (dtype == U32) each<u32, i64>(from, to, n);
  else if (dtype == U16) each<u16, i64>(from, to, n);
  else if (dtype == U8) each<u8, i64>(from, to, n);
  else memory.copy(to, from, <usize>n << 3);
}

function each<A, B>(from: usize, to: usize, n: i32): void {
  for (let i: usize = 0; i < <usize>n; i++) store<B>(to + i * sizeof<B>(), <B>load<A>(from + i * sizeof<A>()));
}

/**
 * Four float16 at once: mantissa and exponent move to their float32 place, a product with 2^112 moves the bias from 15 to 127
 * and makes subnormals right on its way (exact: a power of two). Infinities and NaN get the exponent that they had.
 */
function halves(from: usize, to: usize, n: i32): void {
  let i = 0;
  const magic = f32x4.splat(reinterpret<f32>(<u32>((127 + 112) << 23)));
  for (; i <= n - 4; i += 4) {
    const bits = v128.load_ext<u16>(from + (<usize>i << 1));
    const magnitude = i32x4.shl(v128.and(bits, i32x4.splat(0x7fff)), 13);
    const special = i32x4.ge_s(magnitude, i32x4.splat(0x0f800000));
    const scaled = f32x4.mul(magnitude, magic);
    const full = v128.or(scaled, v128.and(special, i32x4.splat(0x7f800000)));
    v128.store(to + (<usize>i << 2), v128.or(full, i32x4.shl(v128.and(bits, i32x4.splat(0x8000)), 16)));
  }
  for (; i < n; i++) {
    const bits = <u32>load<u16>(from + (<usize>i << 1));
    const magnitude = (bits & 0x7fff) << 13;
    const scaled = reinterpret<u32>(reinterpret<f32>(magnitude) * reinterpret<f32>(<u32>((127 + 112) << 23)));
    store<u32>(to + (<usize>i << 2), scaled | (magnitude >= 0x0f800000 ? 0x7f800000 : 0) | ((bits & 0x8000) << 16));
  }
}
