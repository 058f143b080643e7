import type { NamedTensors } from '../../tensor/tensor.ts';
import type { Ran } from '../lab.ts';
import { distance } from '../measure.ts';

/** How a piece fails, measured as the whole model is. */
export interface PieceFailure {
  readonly kind: 'value' | 'nonfinite' | 'code';
  /** Largest difference relative to rms of what is expected; infinite where it does not run. */
  readonly error: number;
  readonly code: string | null;
  readonly message: string | null;
  /** The output that fails worst. */
  readonly output: string | null;
}

/** Share of the error that a piece must still show to be the same failure. */
const STILL = 0.5;

/** How what came out fails; null: nothing comparable is wrong. Outputs of other sizes than expected are not compared. */
export function failureOf(ran: Ran, expected: NamedTensors): PieceFailure | null {
  if (!ran.ok)
    return { kind: 'code', error: Number.POSITIVE_INFINITY, code: ran.code, message: ran.message, output: null };
  let worst: PieceFailure | null = null;
  for (const [output, value] of expected) {
    const got = ran.outputs.get(output);
    const apart = got === undefined ? null : distance(value, got);
    if (apart === null) continue;
    const kind = apart.unlike > 0 ? 'nonfinite' : 'value';
    const error = apart.unlike > 0 ? Number.POSITIVE_INFINITY : apart.max;
    if (error > (worst?.error ?? 0)) worst = { kind, error, code: null, message: null, output };
  }
  return worst;
}

/** Whether it is the same failure still: of the same kind, and not of less than half its size. */
export function isSame(before: PieceFailure, now: PieceFailure | null): boolean {
  if (now === null || now.kind !== before.kind) return false;
  return before.kind === 'code' ? now.code === before.code : now.error >= STILL * before.error;
}
