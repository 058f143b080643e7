import { makeFinding, type RawFinding } from '../../core/findings.ts';
import type { DeclaredChange } from '../../records/artifact.ts';
import type { Observation } from '../../records/observation.ts';
import type { ContractRow } from '../../records/report.ts';
import type { CompareInput } from '../input.ts';
import { checkShape } from './dims.ts';
import { checkDtype } from './dtypes.ts';
import { inputsOf, outputsOf, type Signature } from './effective.ts';
import { checkMap, checkNames } from './names.ts';
import { type Pair, pairTensors } from './pairing.ts';

type SideName = 'input' | 'output';

export interface ContractComparison {
  readonly rows: ContractRow[];
  readonly findings: RawFinding[];
  /** Pairs of outputs, for the values. */
  readonly outputs: Pair[];
  /** As either side lists them. */
  readonly outputNames: OutputNames;
}

export interface OutputNames {
  readonly reference: readonly string[];
  readonly candidate: readonly string[];
}

/**
 * The IO contract, before any number: names, order, count, dtype, rank, dimensions.
 * `byValue` pairs outputs as their values demand, where those contradicted the first pairing.
 */
export function compareContracts(
  input: CompareInput,
  byValue: Readonly<Record<string, string>> = {},
): ContractComparison {
  const { reference, candidate, samples } = input;
  const inputs = compareSide(
    'input',
    input,
    inputsOf(reference.contract, samples),
    inputsOf(candidate.contract, samples),
    {},
  );
  const outputsOfReference = outputsOf(reference.contract, reference.observation);
  const outputsOfCandidate = outputsOf(candidate.contract, candidate.observation);
  const outputs = compareSide('output', input, outputsOfReference, outputsOfCandidate, byValue);
  return {
    rows: [...inputs.rows, ...outputs.rows],
    findings: [...inputs.findings, ...outputs.findings],
    outputs: outputs.pairs,
    outputNames: { reference: namesOf(outputsOfReference), candidate: namesOf(outputsOfCandidate) },
  };
}

function compareSide(
  side: SideName,
  input: CompareInput,
  reference: Signature,
  candidate: Signature,
  byValue: Readonly<Record<string, string>>,
) {
  if (!reference.known || !candidate.known) return { pairs: [], rows: [], findings: [] };
  const map = side === 'input' ? input.rules.mapInputs : input.rules.mapOutputs;
  const changes = input.declared.filter((change) => change.side === side);
  const renames = Object.fromEntries(changes.flatMap(({ name, to }) => (to === undefined ? [] : [[name, to]])));
  const pairs = pairTensors({ reference, candidate, map, declared: renames, byValue });
  const findings = [...checkMap(side, map, reference, candidate)];
  const rows = pairs.map((pair): ContractRow => {
    const own = [
      ...checkNames({ side, pair, reference, candidate, declared: changes }),
      ...checkSpecs(side, pair, changes, input, {
        referenceDerived: reference.derived,
        candidateDerived: candidate.derived,
      }),
    ];
    findings.push(...own);
    return {
      side,
      reference: pair.reference,
      candidate: pair.candidate,
      pairedBy: pair.pairedBy,
      differences: differencesOf(own),
    };
  });
  return {
    pairs,
    rows,
    findings: [
      ...findings,
      ...orderFinding(side, pairs, reference, candidate, input.sameFormat && input.byName !== true),
    ],
  };
}

const namesOf = ({ specs }: Signature): string[] => specs.map((spec) => spec.name);

function checkSpecs(
  side: SideName,
  { reference, candidate }: Pair,
  changes: readonly DeclaredChange[],
  { sameFormat, rules, reference: { observation } }: CompareInput,
  derived: { readonly referenceDerived: boolean; readonly candidateDerived: boolean },
): RawFinding[] {
  if (reference === null || candidate === null) return [];
  const where = `${side} ${reference.name}`;
  const declared = changeOf(changes, reference.name, candidate.name);
  const dtype = checkDtype({
    where,
    reference: reference.dtype,
    candidate: candidate.dtype,
    specs: [reference, candidate],
    declared,
  });
  const seen = side === 'input' ? [] : shapesOf(observation, reference.name);
  const context = { where, sameFormat, dynamic: rules.dynamic, declared, seen, ...derived };
  const shape = checkShape(reference, candidate, context);
  return [...(dtype === null ? [] : [dtype]), ...shape];
}

const shapesOf = ({ samples }: Observation, output: string): number[][] =>
  samples.flatMap(({ outputs }) => outputs.filter(({ name }) => name === output).map(({ shape }) => shape));

/** An exporter that does not know the reference's names (a tuple has none) declares by its own. */
export const changeOf = (
  changes: readonly DeclaredChange[],
  reference: string,
  candidate: string,
): DeclaredChange | undefined =>
  changes.find(({ name, to }) => name === reference || name === candidate || to === candidate);

const DIFFERENCE: Readonly<Record<string, string>> = {
  'output-missing': 'missing',
  'input-missing': 'missing',
  'output-extra': 'extra',
  'input-extra': 'extra',
  'name-changed': 'name',
  'dtype-changed': 'dtype',
  'dtype-declared': 'dtype',
  'rank-changed': 'rank',
  'shape-declared': 'shape',
  'layout-declared': 'shape',
  'dim-frozen': 'shape',
  'dim-changed': 'shape',
};

const differencesOf = (findings: readonly RawFinding[]): string[] => [
  ...new Set(findings.flatMap(({ code }) => DIFFERENCE[code] ?? [])),
];

/** Positional callers of the same format get the wrong tensor when the same names come in another order. */
function orderFinding(
  side: SideName,
  pairs: readonly Pair[],
  reference: Signature,
  candidate: Signature,
  sameFormat: boolean,
): RawFinding[] {
  if (!sameFormat || !pairs.every((p) => p.pairedBy === 'name')) return [];
  const from = namesOf(reference);
  const to = namesOf(candidate);
  if (from.every((name, i) => name === to[i])) return [];
  return [makeFinding('order-changed', `${side}s`, { reference: from, candidate: to })];
}
