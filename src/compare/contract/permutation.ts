import { makeFinding, type RawFinding } from '../../core/findings.ts';
import type { RunSample } from '../accounting.ts';
import { type FullPair, isFull, type TensorFinder } from '../outputs.ts';
import type { OutputRule } from '../tolerance/rules.ts';
import { type Fit, fitMatrix } from '../values/fit.ts';
import type { SampleResult } from '../values/judge.ts';
import { ambiguous, perfectMatching } from './matching.ts';
import type { Pair } from './pairing.ts';

export interface PairingCheck {
  readonly pairs: readonly Pair[];
  readonly samples: readonly RunSample[];
  readonly results: ReadonlyMap<string, { readonly samples: readonly SampleResult[] }>;
  readonly ruleFor: (output: string) => OutputRule;
  readonly find: TensorFinder;
}

export interface Repairing {
  /** Reference name → candidate name, for the outputs that fit better elsewhere. */
  readonly byValue: Readonly<Record<string, string>>;
  readonly findings: readonly RawFinding[];
}

const NOTHING: Repairing = { byValue: {}, findings: [] };

/**
 * Checks a pairing against the values (design 6.1). Outputs that do not agree where they stand, while another pairing of
 * the same outputs does, are permuted. Outputs that were paired by position only, and that another pairing fits as
 * well, are ambiguous: nothing proves which is which. What the user or the exporter paired is not questioned.
 */
export function checkPairing(check: PairingCheck): Repairing {
  const guessed = check.pairs.filter(isFull).filter((p) => p.pairedBy === 'position' || p.pairedBy === 'name');
  const resultsOf = (pair: FullPair): readonly SampleResult[] => check.results.get(pair.reference.name)?.samples ?? [];
  const failing = guessed.filter((p) => resultsOf(p).some((r) => r.status !== 'empty' && !r.passes));
  const broken = failing.filter((p) => resultsOf(p).some((r) => r.grade === 'broken'));
  const permuted = [
    () => findPermutation(failing, 'values', check),
    // Coarser agreement says something only of outputs that do not agree at all where they stand.
    () => findPermutation(broken, 'scale', check),
    () => findPermutation(broken, 'shape', check),
  ].reduce<Repairing>((found, search) => (found === NOTHING ? search() : found), NOTHING);
  const agreeing = guessed.filter(
    (p) => p.pairedBy === 'position' && !failing.includes(p) && resultsOf(p).some((r) => r.status === 'compared'),
  );
  return { byValue: permuted.byValue, findings: [...permuted.findings, ...findAmbiguity(agreeing, check)] };
}

function findPermutation(group: readonly FullPair[], fit: Fit, check: PairingCheck): Repairing {
  if (group.length < 2) return NOTHING;
  const matrix = fitMatrix(group, fit, check);
  // Outputs that fit nowhere are wrong in themselves; the others may still be swapped.
  const alive = group.map((_, i) => i).filter((i) => matrix[i]?.includes(true) === true);
  const fits = alive.map((i) => alive.map((j) => matrix[i]?.[j] === true));
  const matching = perfectMatching(fits);
  if (matching === null || matching.every((j, i) => i === j)) return NOTHING;
  const involved = alive.map((i) => group[i] as FullPair);
  const open = ambiguous(fits, matching);
  if (open.length > 0) {
    // As long as several shapes would do, shapes contradict nothing.
    return fit === 'shape' ? NOTHING : { byValue: {}, findings: [ambiguity(open.map((i) => involved[i] as FullPair))] };
  }
  const moved = matching.flatMap((j, i) => {
    const [r, c] = [involved[i], involved[j]];
    return i === j || r === undefined || c === undefined ? [] : [[r.reference.name, c.candidate.name] as const];
  });
  const args = {
    names: moved.map(([r]) => r),
    pairs: moved.map(([r, c]) => `${r} = ${c}`),
    by: fit === 'shape' ? 'shape' : 'value',
  };
  return { byValue: Object.fromEntries(moved), findings: [makeFinding('outputs-permuted', 'outputs', args)] };
}

function findAmbiguity(agreeing: readonly FullPair[], check: PairingCheck): RawFinding[] {
  if (agreeing.length < 2) return [];
  const matrix = fitMatrix(agreeing, 'values', check);
  // That they agree where they stand is known, and by the user's own rule, which may be wider than rounding.
  const fits = matrix.map((row, i) => row.map((fit, j) => i === j || fit));
  const open = ambiguous(
    fits,
    agreeing.map((_, i) => i),
  );
  return open.length === 0 ? [] : [ambiguity(open.map((i) => agreeing[i] as FullPair))];
}

const ambiguity = (pairs: readonly FullPair[]): RawFinding =>
  makeFinding('pairing-ambiguous', 'outputs', {
    names: pairs.map((p) => p.reference.name),
    candidates: pairs.map((p) => p.candidate.name),
  });
