import { makeFinding, type RawFinding } from '../../core/findings.ts';
import { unfitReference } from '../reference.ts';
import { type Agrees, agreesToBatchRanges, agreesToShare, orOneStep, quantisedOutputs } from './agreement.ts';
import { likelyCauses } from './causes.ts';
import { type Unsteady, unsteadyOutputs } from './repeats.ts';
import { type MixedRow, mixedRows } from './rows.ts';
import type { FitnessSide } from './side.ts';

export interface FitnessInput {
  readonly reference: FitnessSide;
  readonly candidate: FitnessSide;
  /** Whether two answers of one model are the same but for rounding; without it 1e-4 of the output's rms is the line. */
  readonly agrees?: Agrees;
  /** The candidate declares that it takes the scales of activations from each batch: rows mix by their rounding, on purpose. */
  readonly batchRanges?: boolean;
  /** Samples are sequences, each of which starts from a state that it is given. */
  readonly isSequence?: boolean;
}

/** How far two runs of the reference lay apart: no noise floor may be lower. Outputs carry the reference's names. */
export interface Spread {
  readonly output: string;
  readonly sample: string;
  readonly maxAbs: number;
}

/** Who is fit to judge, and to be judged (design 6.2). Plain data: part of the comparison's key. */
export interface Fitness {
  /** Why the reference is no judge; null: it is one. */
  readonly unfit: RawFinding | null;
  /** Everything else that was found. Errors among them are the candidate's. */
  readonly findings: readonly RawFinding[];
  readonly spread: readonly Spread[];
}

/**
 * A reference that answers differently when asked again, beyond rounding, or whose graph draws random numbers without a
 * seed, is no judge. A candidate that does so where the reference does not is at fault; so is one that mixes the rows of a
 * batch where the reference keeps them apart.
 */
export function judgeFitness({
  reference,
  candidate,
  agrees = agreesToShare,
  batchRanges = false,
  isSequence = false,
}: FitnessInput): Fitness {
  const of = ({ contract }: FitnessSide) => orOneStep(agrees, quantisedOutputs(contract));
  const own = unsteadyOutputs(reference.repeats, of(reference));
  const unfit = unfitReference(reference) ?? notDeterministic('reference', reference, own, isSequence);
  const findings = [...changing(reference, unfit), ...unsteady('reference', own)];
  const theirs = unsteadyOutputs(candidate.repeats, of(candidate));
  if (unfit === null) {
    const fault = notDeterministic('candidate', candidate, theirs, isSequence);
    findings.push(...(fault === null ? [] : [fault]), ...unsteady('candidate', theirs));
    // Rows that are drawn anew differ anyway.
    const rows = fault === null ? mixed(candidate, of(candidate)) : null;
    const byRanges = batchRanges && mixed(candidate, agreesToBatchRanges)?.length === 0;
    findings.push(...rowFindings(mixed(reference, of(reference)), rows, byRanges));
  }
  return { unfit, findings, spread: spreadOf(own) };
}

function notDeterministic(
  role: 'reference' | 'candidate',
  side: FitnessSide,
  unsteadyOnes: readonly Unsteady[],
  isSequence: boolean,
): RawFinding | null {
  const worst = unsteadyOnes.find(({ beyond }) => beyond);
  const unseeded = side.random.filter(({ seeded }) => !seeded);
  if (worst === undefined && unseeded.length === 0) return null;
  const changed = changedState(side);
  // What neither draws random numbers nor fails the second time has kept something from the first.
  const kept = unsteadyOnes.find(({ beyond, differs, output }) => beyond && differs === 'run' && output !== null);
  const isRandom = side.random.length > 0 || Array.isArray(side.facts.drewFrom);
  if (isSequence && !isRandom && kept !== undefined)
    return makeFinding('state-not-reset', role, { changed, ...sizeOf(kept) });
  const causes = likelyCauses(side, worst);
  // A state that moves on explains why the second answer is another one; a new process starts from the same state.
  if (role === 'reference' && changed.length > 0 && worst?.differs === 'run')
    return makeFinding('reference-changes-itself', role, { changed, ...sizeOf(worst), ...causes });
  return makeFinding(`${role}-not-deterministic`, role, {
    differs: worst?.differs ?? 'graph',
    ...(worst === undefined ? {} : sizeOf(worst)),
    ...causes,
  });
}

const changedState = ({ facts }: FitnessSide): string[] =>
  Array.isArray(facts.changedState) ? facts.changedState.map(String) : [];

/** A state that changes without showing in the answers: they may change later, so it is told. */
function changing(side: FitnessSide, unfit: RawFinding | null): RawFinding[] {
  const changed = changedState(side);
  if (changed.length === 0 || unfit !== null) return [];
  return [makeFinding('reference-changes-itself', 'reference', { changed, output: null }, 'warning')];
}

/** Differences that rounding explains: threads that sum in another order. */
function unsteady(role: 'reference' | 'candidate', outputs: readonly Unsteady[]): RawFinding[] {
  const worst = outputs.find(({ beyond }) => !beyond);
  if (worst === undefined) return [];
  const names = [...new Set(outputs.filter(({ beyond }) => !beyond).map(({ output }) => output))];
  return [makeFinding(`${role}-unsteady`, role, { differs: worst.differs, outputs: names, ...sizeOf(worst) })];
}

const sizeOf = ({ sample, output, maxAbs, scale, message }: Unsteady) => ({
  sample,
  output,
  maxAbs,
  scaled: maxAbs === null || scale === null || scale === 0 ? null : maxAbs / scale,
  message,
});

const mixed = ({ rows }: FitnessSide, agrees: Agrees): MixedRow[] | null =>
  rows === null ? null : mixedRows(rows, agrees);

function rowFindings(reference: MixedRow[] | null, candidate: MixedRow[] | null, byRanges: boolean): RawFinding[] {
  const [own] = reference ?? [];
  const [theirs] = candidate ?? [];
  // Whether the candidate does the same tells whether this explains a failure.
  if (own !== undefined)
    return [
      makeFinding('reference-mixes-rows', `output ${own.output}`, {
        ...own,
        candidate: candidate === null ? 'unknown' : theirs === undefined ? 'apart' : 'mixes',
      }),
    ];
  if (theirs === undefined || reference === null) return [];
  return [
    makeFinding(
      'candidate-mixes-rows',
      `output ${theirs.output}`,
      { ...theirs, byRanges },
      byRanges ? 'warning' : 'error',
    ),
  ];
}

function spreadOf(outputs: readonly Unsteady[]): Spread[] {
  const widest = new Map<string, Spread>();
  for (const { output, sample, maxAbs } of outputs) {
    if (output === null || maxAbs === null) continue;
    const key = JSON.stringify([output, sample]);
    if (maxAbs > (widest.get(key)?.maxAbs ?? 0)) widest.set(key, { output, sample, maxAbs });
  }
  return [...widest.values()];
}
