import type { TOLERANCE_PRESETS } from '../../records/presets.ts';
import { DTYPE_TABLE } from './dtype-table.ts';

export type Preset = (typeof TOLERANCE_PRESETS)[number];

/** Bounds for a candidate that stores or computes in a lower precision behind outputs of a higher one. */
export interface PresetBounds {
  readonly rtol: number;
  /** Allowed absolute error as a share of the output's scale. */
  readonly ofScale: number;
  /**
   * `sample`: floating point keeps its relative precision, so a small sample has a small error.
   * `output`: an integer step is fixed by the calibrated range, so a small sample has the error of a large one.
   */
  readonly scale: 'sample' | 'output';
}

/** Unit roundoff: half the distance from 1 to the next number. 11 and 8 significant bits. */
const FLOAT16_UNIT = 2 ** -11;
const BFLOAT16_UNIT = 2 ** -8;

/**
 * Rounding the weights and activations of L layers to a unit u leaves a relative error of about 0.8·√L·u (each rounding
 * is uniform: u/√3, two of them a layer). The largest of 1e5 elements lies 4.4 times that out: 14 u for 16 layers.
 */
const UNITS = 16;

/**
 * A symmetric 8-bit step is max|w|/127; with max|w| = 4·rms its rounding (step/√12) is 0.9 % of rms, with activations
 * 1.3 % a layer, 2.6 % for four layers, four times that in the largest element: 10 %.
 * Deeper int8 networks need bounds of their own or an accuracy gate; a guess that fits them all would pass anything.
 */
const INT8_OF_SCALE = 0.1;

/**
 * These bounds are reasoned, not measured: the measured floor of a declared precision will replace them. They move the
 * gate, never the grade: an error of 8 % of scale under `int8` passes and is still called what it is.
 */
export const PRESETS: Readonly<Record<Exclude<Preset, 'float32'>, PresetBounds>> = {
  float16: { rtol: DTYPE_TABLE.float16.rtol, ofScale: UNITS * FLOAT16_UNIT, scale: 'sample' },
  bfloat16: { rtol: DTYPE_TABLE.bfloat16.rtol, ofScale: UNITS * BFLOAT16_UNIT, scale: 'sample' },
  int8: { rtol: 0, ofScale: INT8_OF_SCALE, scale: 'output' },
};
