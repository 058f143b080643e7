import { BLOCK, CELLS, EXPONENTS, SLICES, SLOTS } from './layout';

export const STATE: usize = memory.data(SLOTS * 8, 16);
/** Per exponent the bits of the bin edge that lies in its octave. */
export const EDGES: usize = memory.data(EXPONENTS * 8, 16);
/** Two banks, one a lane: two increments of one cell in a row would wait for each other. */
export const HISTOGRAM: usize = memory.data(CELLS * 4 * 2, 16);
/** Per slice: max |d|, Σd², max |reference|, Σreference². */
export const SLICE_TABLE: usize = memory.data(SLICES * 4 * 8, 16);
const SIDE = BLOCK * 8;
/** As they lie in the file, and widened. */
export const RAW: usize = memory.data(SIDE * 2, 16);
export const WIDE: usize = memory.data(SIDE * 2, 16);

// biome-ignore format: one line each reads better
@inline export function get(slot: i32): f64 { return load<f64>(STATE + (slot << 3)); }
@inline export function set(slot: i32, value: f64): void { store<f64>(STATE + (slot << 3), value); }
@inline export function add(slot: i32, value: f64): void { set(slot, get(slot) + value); }

/** Counts a difference, given its bits, by exponent and by the edge within that octave: no logarithm, no branch. */
@inline export function count(bits: i64, bank: usize): void {
  const exponent = <usize>(bits >> 52);
  const above = <usize>(bits >= load<i64>(EDGES + (exponent << 3)));
  const cell = HISTOGRAM + bank * (CELLS * 4) + (((exponent << 1) | above) << 2);
  store<u32>(cell, load<u32>(cell) + 1);
}
