import type { Bounds } from './kernel.ts';
import type { Moments } from './moments.ts';

export interface Measured {
  /** With `scale` and the agreement of rows. */
  readonly moments: Moments;
  readonly bounds: Bounds;
  readonly identical: boolean;
}

/** What the bounds are at a scale, which is only known once the reference was read. */
export type BoundsAt = (scale: number) => Bounds;
