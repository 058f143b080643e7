import type { FailureRecord } from '../../records/finding.ts';
import { openTensorFile } from '../../tensor/stored.ts';
import { type Agrees, distanceOf, isIdentical } from './agreement.ts';

/** What one model answered to one sample, twice. */
export interface Repeat {
  readonly sample: string;
  /** Again in the same process, behind all other samples; or first of all in a new process. */
  readonly differs: 'run' | 'process';
  /** Absolute path of the outputs that are compared. */
  readonly first: string;
  /** Absolute path of the outputs of the other run, or why there are none. */
  readonly second: string | FailureRecord;
}

/** An output that did not come back bit for bit. */
export interface Unsteady {
  readonly sample: string;
  readonly differs: Repeat['differs'];
  /** Null: the second run failed as a whole. */
  readonly output: string | null;
  readonly maxAbs: number | null;
  readonly scale: number | null;
  /** More than rounding. */
  readonly beyond: boolean;
  /** What the second run answered instead of outputs. */
  readonly message: string | null;
}

/** Every output that differs between the two runs, bit for bit, and whether rounding explains it. Worst first. */
export function unsteadyOutputs(repeats: readonly Repeat[], agrees: Agrees): Unsteady[] {
  return repeats.flatMap((repeat) => unsteadyIn(repeat, agrees)).toSorted((a, b) => rank(b) - rank(a));
}

/** Beyond rounding before within, then by size for the scale; what has no number is the worst of its kind. */
const rank = ({ beyond, maxAbs, scale }: Unsteady): number =>
  (beyond ? 1e300 : 0) + Math.min(maxAbs === null ? 1e290 : maxAbs / Math.max(scale ?? 0, 2 ** -126), 1e290);

function unsteadyIn({ sample, differs, first, second }: Repeat, agrees: Agrees): Unsteady[] {
  const none = { sample, differs, output: null, maxAbs: null, scale: null, beyond: true };
  if (typeof second !== 'string') return [{ ...none, message: second.message }];
  const [one, two] = [first, second].map((path) => openTensorFile(path, { verify: false }));
  if (one === undefined || two === undefined) return [];
  const names = [...new Set([...one.keys(), ...two.keys()])];
  return names.flatMap((output): Unsteady[] => {
    const [a, b] = [one.get(output), two.get(output)];
    if (a === undefined || b === undefined) return [{ ...none, output, message: null }];
    if (isIdentical(a, b)) return [];
    return [{ ...none, output, ...distanceOf(a, b), beyond: !agrees(output, sample, a, b), message: null }];
  });
}
