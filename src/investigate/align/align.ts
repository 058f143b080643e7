import type { TensorMatch } from '../../records/investigation.ts';
import type { CaseFacts } from '../lab.ts';
import type { Alignment } from '../scene.ts';
import { type Agreement, agreementInAnyOrder, agreementInOrder } from './agreement.ts';
import { byMetadata } from './by-metadata.ts';
import { byName } from './by-name.ts';
import { byOutput } from './by-output.ts';
import { byStructure, byStructureBackwards } from './by-structure.ts';
import { byValue, type ValueMatch } from './by-value.ts';
import { sameLayout } from './layout.ts';
import type { Side } from './side.ts';

/** A tensor of the candidate that stands where one of the reference stands, whether or not it holds the same values. */
export interface Counterpart extends Agreement {
  readonly candidate: string;
  readonly by: Exclude<TensorMatch['by'], 'value'>;
  readonly confidence: number;
  /** Readers of the candidate have it in the place of the reference's. */
  readonly read?: boolean;
}

/** An alignment, with what localisation needs to know beside it. */
export interface Pairing extends Alignment {
  /** The place of a tensor of the reference in the candidate, as names, metadata, outputs or structure tell it. */
  readonly counterpart: (tensor: string) => Counterpart | undefined;
  /** Tensors of the candidate with the same values. */
  readonly equals: (tensor: string) => readonly ValueMatch[];
}

/**
 * How sure a pair of its kind is where values neither confirm nor refute it. Outputs were paired by the comparison;
 * metadata are the exporter's own words; names are kept by most converters; structure is a guess.
 */
const SURE = { output: 1, metadata: 0.9, name: 0.8, structure: 0.5 } as const;

/**
 * Which tensors of both sides are one quantity. Values tell agreement; outputs, the exporter's metadata, names and structure
 * tell the place. `tolerance`: of a tensor of the reference, relative to its rms.
 */
export function align(
  facts: Pick<CaseFacts, 'inputs' | 'outputs'>,
  reference: Side,
  candidate: Side,
  tolerance: (tensor: string) => number,
): Pairing {
  const equal = byValue(reference, candidate, tolerance);
  const holders = holdersOf(equal);
  const straight = sameLayout(reference.graph.format, candidate.graph.format);
  const places = new Map<string, Counterpart>();
  const place = (name: string, other: string, by: Counterpart['by'], confidence: number = SURE[by], read = false) => {
    const [a, b] = [reference.value(name), candidate.value(other)];
    if (places.has(name) || a === undefined || b === undefined) return;
    // Where layouts are the same, or told by the contract, another order of axes is another value.
    const inOrder = straight || by === 'output';
    const agreement: Agreement = inOrder ? agreementInOrder(a, b) : agreementInAnyOrder(a, b, tolerance(name));
    places.set(name, { candidate: other, by, confidence, ...(read && { read }), ...agreement });
  };
  for (const [name, other] of byOutput(facts)) place(name, other, 'output');
  const metadata = byMetadata(reference, candidate);
  for (const [name, other] of metadata) place(name, other, 'metadata');
  const names = byName(reference, candidate);
  for (const [name, other] of names) {
    if (!contradicted(name, other, names, holders, reference)) place(name, other, 'name');
  }
  const taken = new Set([
    ...[...places.values()].map((p) => p.candidate),
    ...[...equal.values()].flat().map((m) => m.candidate),
  ]);
  const known = (name: string) => {
    const own = places.get(name);
    return [...(own === undefined ? [] : [own.candidate]), ...(equal.get(name) ?? []).map((m) => m.candidate)];
  };
  for (const [name, { candidate: other, alone }] of byStructure(reference, candidate, known, taken))
    place(name, other, 'structure', alone ? SURE.structure : SURE.structure / 2);
  for (const [name, read] of byStructureBackwards(reference, candidate, known)) {
    const [first] = read;
    // One reader that has the right values is enough: then it is another reader's operand that is wrong.
    // And one that has another tensor's values was wired to that: no step was rewritten in this place.
    if (first === undefined || read.some((other) => known(name).includes(other) || holders.has(other))) continue;
    place(name, first, 'structure', SURE.structure, true);
  }
  return pairing(places, equal, tolerance);
}

/**
 * Whether values say that a name moved: what has it in the candidate holds the values of another tensor of the reference,
 * and that one's own name is elsewhere, too. Outputs of one node that changed places are no such case: they are crossed.
 */
function contradicted(
  name: string,
  other: string,
  names: ReadonlyMap<string, string>,
  holders: ReadonlyMap<string, ReadonlySet<string>>,
  reference: Side,
): boolean {
  const owners = holders.get(other);
  if (owners === undefined || owners.has(name)) return false;
  return [...owners].every((tensor) => {
    const own = names.get(tensor);
    if (reference.producer.get(tensor) === reference.producer.get(name)) return false;
    return own === undefined || holders.get(own)?.has(tensor) !== true;
  });
}

/** A tensor of the candidate → those of the reference with its values. */
function holdersOf(equal: ReadonlyMap<string, readonly ValueMatch[]>): Map<string, Set<string>> {
  const holders = new Map<string, Set<string>>();
  for (const [name, matches] of equal) {
    for (const { candidate } of matches) holders.set(candidate, (holders.get(candidate) ?? new Set()).add(name));
  }
  return holders;
}

function pairing(
  places: ReadonlyMap<string, Counterpart>,
  equal: ReadonlyMap<string, readonly ValueMatch[]>,
  tolerance: (tensor: string) => number,
): Pairing {
  const matches: TensorMatch[] = [];
  for (const name of new Set([...places.keys(), ...equal.keys()])) {
    const own = places.get(name);
    const same = equal.get(name) ?? [];
    const agrees = own !== undefined && own.error <= tolerance(name);
    if (own !== undefined) {
      const { candidate, by, permutation } = own;
      const confidence = agrees ? 1 : own.confidence * (same.length > 0 ? 0.5 : 1);
      matches.push({
        reference: name,
        candidate,
        by,
        confidence,
        ...(permutation && { permutation: [...permutation] }),
      });
    }
    for (const { candidate, permutation } of same) {
      if (candidate === own?.candidate) continue;
      // Alone it is sure; beside others of the same values it may be another copy of them.
      const confidence = agrees ? 0.9 : same.length === 1 ? 1 : 0.95;
      matches.push({
        reference: name,
        candidate,
        by: 'value',
        confidence,
        ...(permutation && { permutation: [...permutation] }),
      });
    }
  }
  const best = (a: TensorMatch, b: TensorMatch) => b.confidence - a.confidence;
  const ofReference = grouped(matches, (m) => m.reference, best);
  const ofCandidate = grouped(matches, (m) => m.candidate, best);
  return {
    matches,
    ofReference: (tensor) => ofReference.get(tensor) ?? [],
    ofCandidate: (tensor) => ofCandidate.get(tensor) ?? [],
    counterpart: (tensor) => places.get(tensor),
    equals: (tensor) => equal.get(tensor) ?? [],
  };
}

function grouped<T>(items: readonly T[], key: (item: T) => string, order: (a: T, b: T) => number): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) groups.set(key(item), [...(groups.get(key(item)) ?? []), item]);
  for (const group of groups.values()) group.sort(order);
  return groups;
}
