import { join } from 'node:path';
import type { FindingCode } from '../../core/finding-catalogue.ts';
import { makeFinding, type RawFinding } from '../../core/findings.ts';
import type { GateResult } from '../../records/comparison.ts';
import { toNum } from '../../records/numbers.ts';
import type { TaskGate } from '../../records/rules.ts';
import type { Sample } from '../../records/sample.ts';
import { isFloat } from '../../tensor/dtype.ts';
import { openTensorFile } from '../../tensor/stored.ts';
import type { RunSample } from '../accounting.ts';
import { type FullPair, isFull, type OutputsInput } from '../outputs.ts';
import { isQuantised } from '../values/dequantise.ts';
import { percent } from '../values/text.ts';
import { type GateInput, type Tally, Unjudgeable } from './gate.ts';
import { gateOf } from './registry.ts';

export interface GatesInput extends Pick<OutputsInput, 'pairs' | 'samples' | 'ruleFor' | 'find'> {
  /** The planned samples: where their labels are, and which are of a group of their own. */
  readonly planned: readonly Sample[];
  /** Folder that the samples' files are relative to; null where there is none (recorded tensors). */
  readonly sampleDir: string | null;
}

/** What the gate of one output came to. */
export interface GateOutcome {
  /** Null: it could not be asked, and `findings` say why. */
  readonly result: GateResult | null;
  /** Whether a sample by itself reaches the limit; samples that the gate did not look at are not in here. */
  readonly bySample: ReadonlyMap<string, boolean>;
  readonly findings: readonly RawFinding[];
}

/** Which finding tells that a gate does not hold. */
const CODES: Readonly<Record<TaskGate['name'], FindingCode>> = {
  argmax: 'argmax-disagrees',
  topK: 'top-k-disagrees',
  accuracy: 'accuracy-lost',
  iou: 'boxes-differ',
};

/** Asks the gates of all outputs that have one, by reference name. The tensors of those samples are read once more. */
export function judgeGates(input: GatesInput): ReadonlyMap<string, GateOutcome> {
  const gated = input.pairs.filter(isFull).flatMap((pair) => {
    const { gate, named } = input.ruleFor(pair.reference.name);
    return gate === null || (!named && isLabels(pair, input)) ? [] : [{ pair, gate }];
  });
  return new Map(gated.map(({ pair, gate }) => [pair.reference.name, judgeGate(pair, gate, input)]));
}

/** A gate for all outputs means the scores; the labels beside them stay exact unless they are named. */
function isLabels(pair: FullPair, { samples, find }: GatesInput): boolean {
  const first = samples[0]?.load();
  const tensor = first === undefined ? undefined : find(first.reference, pair, 'reference');
  return tensor !== undefined && !isFloat(tensor.dtype) && !isQuantised(tensor, pair.reference.quantization);
}

function judgeGate(pair: FullPair, gate: TaskGate, input: GatesInput): GateOutcome {
  const { name } = pair.reference;
  const where = `output ${name}`;
  const { asked, tally, nothing } = gateOf(gate);
  const tallies: { readonly sample: string; readonly tally: Tally }[] = [];
  const none = new Map<string, boolean>();
  const undefinedHere = (why: string): GateOutcome => ({
    result: null,
    bySample: none,
    findings: [makeFinding('gate-undefined', where, { gate: gate.name, why })],
  });
  for (const sample of input.samples) {
    const seen = inputOf(pair, sample, input);
    const one = seen === null ? null : tally(gate, seen);
    if (one instanceof Unjudgeable) return undefinedHere(`${one.why} (sample ${sample.id})`);
    if (one !== null) tallies.push({ sample: sample.id, tally: one });
  }
  const [got, of, counted] = sums(tallies.map((t) => t.tally));
  if (of === 0) {
    // Samples of a group of their own (special values) have no labels, and need none.
    const isOwnGroup = input.planned.length > 0 && input.planned.every((s) => s.group !== undefined);
    if (gate.name === 'accuracy' && isOwnGroup) return { result: null, bySample: none, findings: [] };
    return undefinedHere(
      gate.name === 'accuracy' && counted > 0
        ? `the reference itself answers none of the ${counted} labels \`${gate.labels}\` right: are they the right ones?`
        : nothing(gate),
    );
  }
  const value = got / of;
  const bySample = new Map(tallies.map((t) => [t.sample, t.tally.of === 0 || reaches(t.tally.got / t.tally.of, gate)]));
  const worst = worstOf(tallies);
  const result: GateResult = {
    name: gate.name,
    asked: asked(gate),
    value: toNum(value),
    limit: gate.share,
    holds: reaches(value, gate),
    counted,
    samples: tallies.length,
    ...(gate.name === 'accuracy' ? { accuracy: { reference: of / counted, candidate: got / counted } } : {}),
    worst,
  };
  return { result, bySample, findings: result.holds ? [] : [failure(where, gate, result)] };
}

/** Sums of shares (99 of 100 rows) round in the last place; what is exactly asked is reached. */
const reaches = (value: number, { share }: TaskGate): boolean => value >= share - 1e-12;

const sums = (tallies: readonly Tally[]): [number, number, number] => [
  tallies.reduce((n, t) => n + t.got, 0),
  tallies.reduce((n, t) => n + t.of, 0),
  tallies.reduce((n, t) => n + t.counted, 0),
];

function worstOf(tallies: readonly { sample: string; tally: Tally }[]): GateResult['worst'] {
  const [first] = tallies
    .filter(({ tally }) => tally.worst !== null)
    .map(({ sample, tally }) => ({ sample, value: tally.of === 0 ? 0 : tally.got / tally.of, ...tally.worst }))
    .sort((a, b) => a.value - b.value);
  return first === undefined
    ? null
    : { sample: first.sample, value: first.value, row: [...(first.row ?? [])], what: first.what ?? '' };
}

function failure(where: string, gate: TaskGate, result: GateResult): RawFinding {
  return makeFinding(CODES[gate.name], where, {
    value: percent(Number(result.value)),
    limit: percent(gate.share),
    counted: result.counted,
    sample: result.worst?.sample ?? null,
    row: result.worst?.row ?? [],
    what: result.worst?.what ?? null,
    ...(gate.name === 'topK' ? { k: gate.k } : {}),
    ...(gate.name === 'iou' ? { iou: gate.iou } : {}),
    ...(result.accuracy === undefined
      ? {}
      : {
          labels: gate.name === 'accuracy' ? gate.labels : '',
          reference: percent(Number(result.accuracy.reference)),
          candidate: percent(Number(result.accuracy.candidate)),
        }),
  });
}

/** Null where either side did not give this output. */
function inputOf(pair: FullPair, sample: RunSample, { pairs, find, planned, sampleDir }: GatesInput): GateInput | null {
  const tensors = sample.load();
  const sides = (of: FullPair) => {
    const reference = find(tensors.reference, of, 'reference');
    const candidate = find(tensors.candidate, of, 'candidate');
    return reference === undefined || candidate === undefined
      ? undefined
      : {
          reference: { tensor: reference, spec: of.reference },
          candidate: { tensor: candidate, spec: of.candidate },
        };
  };
  const own = sides(pair);
  if (own === undefined) return null;
  return {
    ...own,
    beside: (name) => {
      const other = pairs.filter(isFull).find((p) => p.reference.name === name);
      return other === undefined ? undefined : sides(other);
    },
    labels: (name) => {
      const labels = planned.find((s) => s.id === sample.id)?.labels;
      if (sampleDir === null || labels?.tensors.some((t) => t.name === name) !== true) return undefined;
      const tensor = openTensorFile(join(sampleDir, labels.file), { verify: false }).get(name);
      return tensor === undefined ? undefined : { tensor, from: labels.from };
    },
  };
}
