import type { Element } from '../../records/comparison.ts';
import type { TensorSpec } from '../../records/contract.ts';
import type { Grade } from '../../records/verdict.ts';
import { elementCount, type Tensor } from '../../tensor/tensor.ts';
import { gradeByScale, gradeOf } from '../grade.ts';
import type { SampleDecision } from '../rounding/decide.ts';
import { excuseFlips } from '../rounding/flips.ts';
import { lessPrecise } from '../tolerance/dtype-table.ts';
import { autoBounds, boundsOf, type LimitContext } from '../tolerance/limits.ts';
import type { OutputRule } from '../tolerance/rules.ts';
import { isQuantised, quantisationStep } from './dequantise.ts';
import type { Bounds } from './kernel.ts';
import { allWithin, measure, scaleOf } from './measure.ts';
import { type Moments, newMoments } from './moments.ts';
import { elementAt, type Operands, prepare } from './operands.ts';
import { sameShape } from './shapes.ts';
import { excuseTies, type TieInput } from './ties.ts';

/** One output in one sample. */
export interface JudgeInput {
  readonly sample: string;
  readonly reference: Tensor | undefined;
  readonly candidate: Tensor | undefined;
  readonly referenceSpec: TensorSpec;
  readonly candidateSpec: TensorSpec;
  readonly rule: OutputRule;
  /** rms of the reference over all samples, where the rule asks for it. */
  readonly outputScale: number;
  /** What rounding may do to this output in this sample, where it was measured: an absolute bound. */
  readonly roundingBound?: number | undefined;
  /** The output in runs of the reference that rounding moved. */
  readonly perturbed?: readonly Tensor[] | undefined;
  /** For outputs that are indices into scores. */
  readonly scores?:
    | (Pick<TieInput, 'referenceScores' | 'candidateScores' | 'classes'> & { readonly bound?: number })
    | undefined;
}

export type TensorFacts = Pick<Tensor, 'dtype' | 'shape'>;

const factsOf = (tensor: Tensor | undefined): TensorFacts | null =>
  tensor === undefined ? null : { dtype: tensor.dtype, shape: tensor.shape };

export interface SampleResult {
  readonly sample: string;
  /** `compared`, or what came before any number: a tensor that is absent, of another shape, of no comparable type, empty. */
  readonly status: 'compared' | 'absent' | 'shape' | 'dtype' | 'empty';
  /** What either side gave, without its elements: a case of many large samples must not hold them all. */
  readonly reference: TensorFacts | null;
  readonly candidate: TensorFacts | null;
  readonly moments: Moments;
  readonly bounds: Bounds;
  readonly exact: boolean;
  /** Null when nothing was compared. */
  readonly grade: Grade | null;
  /** Whether every element lies within the bounds. */
  readonly passes: boolean;
  /** Worst first. */
  readonly worst: readonly Element[];
  readonly worstOutside: { readonly element: Element; readonly error: number } | null;
  /** What the instruments say; null where nothing was measured, or nothing had to be. */
  readonly decision: SampleDecision | null;
}

/** numpy's order: there at all, shape, dtype, then NaN, infinities and values in one pass. */
export function judge(input: JudgeInput): SampleResult {
  const { sample, reference, candidate, rule } = input;
  if (reference === undefined || candidate === undefined) return incomparable(input, 'absent');
  if (!sameShape(reference.shape, candidate.shape)) return incomparable(input, 'shape');
  if (elementCount(reference.shape) === 0) return incomparable(input, 'empty');
  const operands = operandsOf(input, reference, candidate);
  if (operands === null) return incomparable(input, 'dtype');

  const exact = operands.kind !== 'number';
  const contextAt = (scale: number) => limitContext(input, reference, candidate, scale);
  const measured = measure(operands, reference.shape, (scale) =>
    exact ? EXACT : boundsOf(rule.rule, contextAt(scale), input.roundingBound),
  );
  const { moments, bounds, identical } = measured;
  const context = contextAt(moments.scale);
  if (exact && moments.violations > 0 && input.scores !== undefined) {
    excuseTies(moments, {
      reference,
      candidate,
      ...input.scores,
      bounds: scoreBounds(input.scores.referenceScores, input.scores.candidateScores, input.scores.bound),
    });
  }
  if (exact && input.perturbed !== undefined) excuseFlips(moments, reference, candidate, input.perturbed);
  const passes = moments.violations === 0;
  const rounding =
    exact || rule.rule.kind === 'auto' || rule.rule.kind === 'expression' ? passes : isRounding(operands, context);
  const show = (at: number): Element => elementAt(operands, sample, reference.shape, at);
  const outside = moments.worstOutside;
  return {
    sample,
    status: 'compared',
    reference: factsOf(reference),
    candidate: factsOf(candidate),
    moments,
    bounds,
    exact,
    grade: gradeOf({ moments, identical, rounding }),
    passes,
    worst: moments.worst.map(({ at }) => show(at)),
    worstOutside: outside === null ? null : { element: show(outside.at), error: outside.error },
    decision: null,
  };
}

const EXACT: Bounds = { atol: 0, rtol: 0 };

/** Integers are exact unless the user gave this very output bounds: `*` means the numbers, not the labels beside them. */
export function operandsOf(
  { referenceSpec, candidateSpec, rule }: Pick<JudgeInput, 'referenceSpec' | 'candidateSpec' | 'rule'>,
  reference: Tensor,
  candidate: Tensor,
): Operands | null {
  const asNumbers =
    rule.named && rule.rule.kind !== 'auto' && rule.rule.kind !== 'expression' && reference.dtype !== 'bool';
  return prepare(
    { tensor: reference, quantization: referenceSpec.quantization },
    { tensor: candidate, quantization: candidateSpec.quantization },
    asNumbers,
  );
}

export function limitContext(
  { referenceSpec, outputScale }: Pick<JudgeInput, 'referenceSpec' | 'outputScale'>,
  reference: Tensor,
  candidate: Tensor,
  scale: number,
): LimitContext {
  const { quantization } = referenceSpec;
  return {
    dtype: lessPrecise(reference.dtype, candidate.dtype),
    scale,
    outputScale,
    referenceStep: isQuantised(reference, quantization) ? quantisationStep(quantization) : 0,
  };
}

const isRounding = (operands: Operands, context: LimitContext): boolean =>
  operands.storage === 'numbers' && allWithin(operands, autoBounds(context));

/**
 * The result as the instruments see it: they, and not the dtype's table, say what is rounding. A user's own bounds stay
 * the gate. Where they are silent the numbers stay as they are, and whoever sums up says that they prove nothing.
 */
export function decided(result: SampleResult, decision: SampleDecision, rule: OutputRule): SampleResult {
  const { moments, grade } = result;
  const mismatches = moments.nanMismatches + moments.infMismatches > 0;
  const isMeasured = rule.rule.kind === 'auto' || rule.rule.kind === 'preset';
  const byScale = mismatches ? 'broken' : gradeByScale(moments);
  return {
    ...result,
    decision,
    grade: grade === 'identical' || mismatches ? grade : decision.answer === 'rounding' ? 'equivalent' : byScale,
    passes: isMeasured ? !mismatches && decision.answer !== 'fault' : result.passes,
  };
}

/** Two scores count as equal within what rounding does to such scores. */
function scoreBounds(reference: Tensor, candidate: Tensor | undefined, measured = 0): Bounds {
  const operands = prepare(
    { tensor: reference, quantization: undefined },
    { tensor: reference, quantization: undefined },
    true,
  );
  const scale = operands === null ? Number.NaN : scaleOf(operands);
  const table = autoBounds({
    dtype: lessPrecise(reference.dtype, candidate?.dtype ?? reference.dtype),
    scale,
    outputScale: scale,
    referenceStep: 0,
  });
  return { ...table, atol: Math.max(table.atol, measured) };
}

function incomparable(
  { sample, reference, candidate }: JudgeInput,
  status: Exclude<SampleResult['status'], 'compared'>,
): SampleResult {
  return {
    sample,
    status,
    reference: factsOf(reference),
    candidate: factsOf(candidate),
    moments: newMoments('number'),
    bounds: EXACT,
    exact: false,
    grade: status === 'empty' ? null : 'broken',
    passes: false,
    worst: [],
    worstOutside: null,
    decision: null,
  };
}
