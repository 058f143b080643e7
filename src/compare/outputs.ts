import { makeFinding, type RawFinding } from '../core/findings.ts';
import type { StepDrift } from '../records/comparison.ts';
import type { TensorSpec } from '../records/contract.ts';
import type { CompareRules } from '../records/rules.ts';
import { elementCount, type NamedTensors, type Tensor } from '../tensor/tensor.ts';
import type { RunSample } from './accounting.ts';
import type { OutputNames } from './contract/contract.ts';
import type { Pair } from './contract/pairing.ts';
import type { Evidence } from './evidence.ts';
import { type Decision, decide, wholeBound } from './rounding/decide.ts';
import type { SampleRounding } from './rounding/measure.ts';
import { outputRounding } from './rounding/output.ts';
import { type VariedOutputs, variationsOf } from './rounding/variations.ts';
import { driftOf, type SampleSteps, stepsOf } from './steps/drift.ts';
import type { OutputRule } from './tolerance/rules.ts';
import { decided, type JudgeInput, judge, operandsOf, type SampleResult } from './values/judge.ts';
import { scaleOf } from './values/measure.ts';
import { pooledScale } from './values/moments.ts';

/** A pair of which both sides exist. */
export interface FullPair extends Pair {
  readonly reference: TensorSpec;
  readonly candidate: TensorSpec;
}

export const isFull = (pair: Pair): pair is FullPair => pair.reference !== null && pair.candidate !== null;

export interface OutputsInput {
  readonly pairs: readonly Pair[];
  readonly samples: readonly RunSample[];
  readonly ruleFor: (output: string) => OutputRule;
  readonly ties: CompareRules['ties'];
  readonly find: TensorFinder;
  readonly evidence: Evidence | null;
  /** A sample is a sequence of steps. */
  readonly isSequence: boolean;
}

export interface OutputResults {
  readonly samples: SampleResult[];
  /** What the instruments say of the output; null where nothing was measured or everything is bit-identical. */
  readonly decision: Decision | null;
  /** Step by step; null where a sample is one run. */
  readonly steps: readonly StepDrift[] | null;
}

/** All samples of all paired outputs, by reference name. One sample is in memory at a time. */
export function compareOutputs({
  pairs,
  samples,
  ruleFor,
  ties,
  find,
  evidence,
  isSequence,
}: OutputsInput): ReadonlyMap<string, OutputResults> {
  const full = pairs.filter(isFull);
  const scales = outputScales(full, samples, ruleFor, find);
  const results = new Map<string, SampleResult[]>(full.map((p) => [p.reference.name, []]));
  const roundings = new Map<string, SampleRounding[]>(full.map((p) => [p.reference.name, []]));
  const stepped = new Map<string, SampleSteps[]>(full.map((p) => [p.reference.name, []]));
  const variations = evidence === null ? null : variationsOf(evidence);
  for (const { id, load } of samples) {
    const tensors = load();
    const varied = variations?.(id) ?? null;
    const measured = new Map<string, SampleRounding | null>();
    for (const pair of full) {
      const rounding = varied === null ? null : roundingOf(pair, id, tensors, varied, find);
      measured.set(pair.reference.name, rounding);
      if (rounding !== null) roundings.get(pair.reference.name)?.push(rounding);
    }
    for (const pair of full) {
      const { name } = pair.reference;
      const input: JudgeInput = {
        sample: id,
        reference: find(tensors.reference, pair, 'reference'),
        candidate: find(tensors.candidate, pair, 'candidate'),
        referenceSpec: pair.reference,
        candidateSpec: pair.candidate,
        rule: ruleFor(name),
        outputScale: scales.get(name) ?? Number.NaN,
        roundingBound: boundFrom(measured.get(name) ?? null, evidence),
        perturbed: varied?.perturbed.flatMap((t) => find(t, pair, 'reference') ?? []),
        scores: scoresOf(pair, full, ties, tensors, find, (scores) =>
          boundFrom(measured.get(scores) ?? null, evidence),
        ),
      };
      // An item that neither side's sequence has in this sample.
      const isAbsent = input.reference === undefined && input.candidate === undefined;
      if (isAbsent && pair.reference.container !== undefined) continue;
      const judged = judge(input);
      results.get(name)?.push(judged);
      const { reference, candidate } = input;
      if (!isSequence || judged.status !== 'compared' || reference === undefined || candidate === undefined) continue;
      const steps = stepsOf(
        { tensor: reference, spec: pair.reference },
        { tensor: candidate, spec: pair.candidate },
        judged.bounds,
      );
      if (steps !== null) stepped.get(name)?.push(steps);
    }
  }
  return new Map(
    [...results].map(([name, ofOutput]) => {
      const decision =
        evidence === null
          ? null
          : decide({ ...evidence, samples: roundings.get(name) ?? [], unsteady: unsteadyBy(evidence, name) });
      const judged = ofOutput.map((r) => {
        const said = decision?.samples.get(r.sample);
        return said === undefined || r.status !== 'compared' ? r : decided(r, said, ruleFor(name));
      });
      const steps = stepped.get(name) ?? [];
      return [name, { samples: judged, decision, steps: steps.length === 0 ? null : driftOf(steps, decision) }];
    }),
  );
}

/** How far two runs of the reference lay apart in this output; the samples that were run twice stand for all. */
const unsteadyBy = ({ spread }: Evidence, output: string): number =>
  Math.max(0, ...spread.filter((s) => s.output === output).map((s) => s.maxAbs));

function roundingOf(
  pair: FullPair,
  sample: string,
  tensors: ReturnType<RunSample['load']>,
  varied: VariedOutputs,
  find: TensorFinder,
): SampleRounding | null {
  const reference = find(tensors.reference, pair, 'reference');
  const candidate = find(tensors.candidate, pair, 'candidate');
  if (reference === undefined || candidate === undefined) return null;
  return outputRounding({
    sample,
    reference,
    candidate,
    referenceSpec: pair.reference,
    candidateSpec: pair.candidate,
    varied,
    find: (from, side) => find(from, pair, side),
  });
}

/** What rounding may do to the whole tensor, for counting the elements beyond it. */
function boundFrom(rounding: SampleRounding | null, evidence: Evidence | null): number | undefined {
  if (rounding === null || evidence === null) return undefined;
  return wholeBound(rounding, evidence) ?? undefined;
}

export type TensorFinder = (tensors: NamedTensors, pair: Pair, side: 'reference' | 'candidate') => Tensor | undefined;

/** By name; by position where a runtime calls its outputs other than the contract does, and answers as many. */
export function finder(names: OutputNames): TensorFinder {
  return (tensors, pair, side) => {
    const name = pair[side]?.name;
    if (name === undefined) return undefined;
    const own = tensors.get(name);
    if (own !== undefined) return own;
    const known = names[side];
    const renamed = tensors.size === known.length && !known.some((k) => tensors.has(k));
    return renamed ? [...tensors.values()][known.indexOf(name)] : undefined;
  };
}

/** The scale of each output over all samples, for the rules whose error is fixed by the calibrated range. */
function outputScales(
  pairs: readonly FullPair[],
  samples: readonly RunSample[],
  ruleFor: OutputsInput['ruleFor'],
  find: TensorFinder,
): ReadonlyMap<string, number> {
  const asking = pairs.filter(({ reference }) => {
    const { rule } = ruleFor(reference.name);
    return rule.kind === 'preset' && rule.preset === 'int8';
  });
  const parts = new Map<string, { scale: number; finiteReference: number }[]>(
    asking.map((p) => [p.reference.name, []]),
  );
  if (asking.length === 0) return new Map();
  for (const { load } of samples) {
    const { reference } = load();
    for (const pair of asking) {
      const tensor = find(reference, pair, 'reference');
      const operands =
        tensor === undefined
          ? null
          : operandsOf(
              { referenceSpec: pair.reference, candidateSpec: pair.reference, rule: ruleFor(pair.reference.name) },
              tensor,
              tensor,
            );
      const scale = operands === null ? Number.NaN : scaleOf(operands);
      if (!Number.isNaN(scale) && tensor !== undefined)
        parts.get(pair.reference.name)?.push({ scale, finiteReference: elementCount(tensor.shape) });
    }
  }
  return new Map([...parts].map(([name, part]) => [name, pooledScale(part)]));
}

/** The scores behind a label output: the user's word first, then either contract's. */
function scoresOf(
  pair: FullPair,
  pairs: readonly FullPair[],
  ties: CompareRules['ties'],
  tensors: ReturnType<RunSample['load']>,
  find: TensorFinder,
  boundOf: (scores: string) => number | undefined,
): JudgeInput['scores'] {
  const name = scoresName(pair, ties);
  const scores =
    name === undefined ? undefined : pairs.find((p) => p.reference.name === name || p.candidate.name === name);
  if (scores === undefined) return undefined;
  const referenceScores = find(tensors.reference, scores, 'reference');
  const candidateScores = find(tensors.candidate, scores, 'candidate');
  if (referenceScores === undefined || referenceScores.dtype === 'string') return undefined;
  return {
    referenceScores,
    candidateScores: candidateScores?.dtype === 'string' ? undefined : candidateScores,
    classes: pair.reference.classes ?? pair.candidate.classes,
    ...withBound(boundOf(scores.reference.name)),
  };
}

const withBound = (bound: number | undefined) => (bound === undefined ? {} : { bound });

const scoresName = ({ reference, candidate }: FullPair, ties: CompareRules['ties']): string | undefined =>
  (Object.hasOwn(ties, reference.name) ? ties[reference.name] : undefined) ?? reference.argmaxOf ?? candidate.argmaxOf;

/** A label output whose scores nobody gives is compared exactly; whoever said otherwise should know. */
export function scoresFindings(pairs: readonly Pair[], ties: CompareRules['ties']): RawFinding[] {
  const full = pairs.filter(isFull);
  const known = full.map((p) => p.reference.name);
  return full.flatMap((pair) => {
    const name = scoresName(pair, ties);
    if (name === undefined || full.some((p) => p.reference.name === name || p.candidate.name === name)) return [];
    return [makeFinding('scores-unknown', `output ${pair.reference.name}`, { scores: name, known })];
  });
}
