import { makeFinding, type RawFinding } from '../../core/findings.ts';
import type { DeclaredChange } from '../../records/artifact.ts';
import type { Signature } from './effective.ts';
import type { Pair } from './pairing.ts';

interface NameContext {
  readonly side: 'input' | 'output';
  readonly pair: Pair;
  readonly reference: Signature;
  readonly candidate: Signature;
  readonly declared: readonly DeclaredChange[];
}

/** What is missing, extra or renamed. Names that no author chose are not held against anyone. */
export function checkNames({ side, pair, reference, candidate, declared }: NameContext): RawFinding[] {
  const names = (signature: Signature): string[] => signature.specs.map((spec) => spec.name);
  if (pair.candidate === null && pair.reference !== null) {
    const { name } = pair.reference;
    const change = declared.find(
      (d) => d.name === name && d.to === undefined && d.dtype === undefined && d.shape === undefined,
    );
    const args = { candidates: names(candidate), ...(change === undefined ? {} : { reason: change.reason }) };
    return [
      makeFinding(
        `${side}-missing`,
        `${side} ${name}`,
        args,
        change !== undefined && side === 'input' ? 'info' : 'error',
      ),
    ];
  }
  if (pair.reference === null && pair.candidate !== null) {
    return [makeFinding(`${side}-extra`, `${side} ${pair.candidate.name}`, { references: names(reference) })];
  }
  if (pair.reference === null || pair.candidate === null) return [];
  const guessed = pair.pairedBy === 'position' && pair.reference.name !== pair.candidate.name;
  if (!guessed || reference.names !== 'declared' || candidate.names !== 'declared') return [];
  return [makeFinding('name-changed', `${side} ${pair.reference.name}`, { candidate: pair.candidate.name })];
}

/** A mapping that names what does not exist maps nothing, and its author should know. */
export function checkMap(
  side: 'input' | 'output',
  map: Readonly<Record<string, string>>,
  reference: Signature,
  candidate: Signature,
): RawFinding[] {
  const lacks = (signature: Signature, name: string): boolean => !signature.specs.some((spec) => spec.name === name);
  const known = (signature: Signature): string[] => signature.specs.map((spec) => spec.name);
  return Object.entries(map).flatMap(([from, to]) => {
    if (lacks(reference, from))
      return [makeFinding('map-unknown', `${side} ${from}`, { name: from, in: 'reference', known: known(reference) })];
    if (lacks(candidate, to))
      return [makeFinding('map-unknown', `${side} ${from}`, { name: to, in: 'candidate', known: known(candidate) })];
    return [];
  });
}
