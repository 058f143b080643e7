import type { TensorSpec } from '../../records/contract.ts';
import type { ContractRow } from '../../records/report.ts';
import type { Signature } from './effective.ts';

export type PairedBy = ContractRow['pairedBy'];

/** One tensor of the reference and the candidate's counterpart; null where a side has none. */
export interface Pair {
  readonly reference: TensorSpec | null;
  readonly candidate: TensorSpec | null;
  readonly pairedBy: PairedBy;
}

export interface PairingInput {
  readonly reference: Signature;
  readonly candidate: Signature;
  /** The user's word, reference name → candidate name: it comes before everything else. */
  readonly map: Readonly<Record<string, string>>;
  /** The exporter's word, likewise. */
  readonly declared: Readonly<Record<string, string>>;
  /** What the values of all samples showed, after a first pairing was contradicted. */
  readonly byValue?: Readonly<Record<string, string>>;
}

/**
 * Who belongs to whom before any number is seen: mapped, declared, of the same name, and what is left by position.
 * By position only when both leftovers have the same count, or when one side has no names that mean anything:
 * two models that both declare names and differ in number are told apart, not guessed at.
 * Pairs come in the reference's order, what only the candidate has behind them.
 */
export function pairTensors({ reference, candidate, map, declared, byValue = {} }: PairingInput): Pair[] {
  const taken = new Set<TensorSpec>();
  const found = new Map<TensorSpec, Pair>();
  const pair = (r: TensorSpec, c: TensorSpec | undefined, pairedBy: PairedBy): void => {
    if (c === undefined || taken.has(c) || found.has(r)) return;
    taken.add(c);
    found.set(r, { reference: r, candidate: c, pairedBy });
  };
  const named = (name: string | undefined) => candidate.specs.find((c) => c.name === name);
  for (const r of reference.specs) pair(r, named(own(map, r.name)), 'map');
  for (const r of reference.specs) pair(r, named(own(byValue, r.name)), 'value');
  for (const r of reference.specs) pair(r, named(own(declared, r.name)), 'declared');
  for (const r of reference.specs) if (own(map, r.name) === undefined) pair(r, named(r.name), 'name');

  const leftReference = reference.specs.filter((r) => !found.has(r) && own(map, r.name) === undefined);
  const leftCandidate = candidate.specs.filter((c) => !taken.has(c));
  const bothDeclare = reference.names === 'declared' && candidate.names === 'declared';
  if (!bothDeclare || leftReference.length === leftCandidate.length) {
    for (const [i, r] of leftReference.entries()) pair(r, leftCandidate[i], 'position');
  }

  const alone = (c: TensorSpec): Pair => ({ reference: null, candidate: c, pairedBy: 'none' });
  return [
    ...reference.specs.map((r) => found.get(r) ?? { reference: r, candidate: null, pairedBy: 'none' as const }),
    ...candidate.specs.filter((c) => !taken.has(c)).map(alone),
  ];
}

/** Names come out of models: `constructor` is a legal one. */
const own = (record: Readonly<Record<string, string>>, name: string): string | undefined =>
  Object.hasOwn(record, name) ? record[name] : undefined;
