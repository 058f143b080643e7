import type { Bundle } from '../../records/bundle.ts';
import type { PieceFailure } from './failure.ts';
import type { Piece } from './piece.ts';

/** A reduced failure: all that a bundle is written from. */
export interface Reduced extends Pick<Bundle, 'weights' | 'inputValues' | 'expectedFrom' | 'tolerance'> {
  readonly piece: Piece;
  /** Of the candidate as a whole. */
  readonly nodesBefore: number;
  readonly before: PieceFailure;
}
