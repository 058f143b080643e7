import { channels } from './channels.ts';
import { extremes } from './extremes.ts';
import type { Generator } from './generator.ts';
import { impulse } from './impulse.ts';
import { large } from './large.ts';
import { maskEmptyRow, maskFull, maskSingle } from './masks.ts';
import { negative } from './negative.ts';
import { normal } from './normal.ts';
import { ones } from './ones.ts';
import { ramp } from './ramp.ts';
import { small } from './small.ts';
import { uniform } from './uniform.ts';
import { zeros } from './zeros.ts';

/** All generators, those first that differ most from those before: the first n are the best n. */
export const GENERATORS: readonly Generator[] = [
  normal,
  zeros,
  maskEmptyRow,
  extremes,
  ramp,
  large,
  maskSingle,
  impulse,
  uniform,
  negative,
  channels,
  small,
  maskFull,
  ones,
];
