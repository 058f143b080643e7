import type { FindingCode } from '../../core/finding-catalogue.ts';
import { makeFinding, type RawFinding } from '../../core/findings.ts';
import type { Metrics } from '../../records/comparison.ts';
import { toNum } from '../../records/numbers.ts';
import type { Grade } from '../../records/verdict.ts';
import { acceptLine } from '../accept.ts';
import { METRIC_NAMES } from '../metrics/registry.ts';
import type { Decision } from '../rounding/decide.ts';
import { roundingFindings } from '../rounding/findings.ts';
import type { OutputRule } from '../tolerance/rules.ts';
import type { SampleResult } from './judge.ts';
import type { Moments } from './moments.ts';
import { percent } from './text.ts';

export interface OutputFacts {
  readonly name: string;
  readonly rule: OutputRule;
  readonly results: readonly SampleResult[];
  readonly decision: Decision | null;
  readonly total: Moments;
  readonly metrics: Metrics;
  readonly grade: Grade | null;
}

/** What the numbers of one output say, in numpy's order. */
export function valueFindings(facts: OutputFacts): RawFinding[] {
  const { name, results, total } = facts;
  const where = `output ${name}`;
  const compared = results.filter((r) => r.status === 'compared');
  const noFinite =
    compared.length > 0 && total.finiteReference === 0 ? [makeFinding('no-finite-reference', where)] : [];
  return [
    ...structureFindings(where, results, facts.rule),
    ...noFinite,
    ...mismatch('nan-differs', 'nanMismatches', where, facts),
    ...mismatch('inf-differs', 'infMismatches', where, facts),
    ...decidingFindings(where, facts),
    ...roundingFindings(where, facts.decision, facts.rule),
    ...(total.ties === 0 ? [] : [makeFinding('values-tied', where, { count: total.ties })]),
  ];
}

/** A task gate (compare/gates) says for itself whether it holds. */
function decidingFindings(where: string, facts: OutputFacts): RawFinding[] {
  const { gate, judgedWith, expression } = facts.rule;
  if (gate !== null || judgedWith !== null) return [];
  return expression === null ? boundFindings(where, facts) : expressionFindings(where, facts);
}

function structureFindings(
  where: string,
  results: readonly SampleResult[],
  { gate, judgedWith }: OutputRule,
): RawFinding[] {
  // A set may have one box more or less; the gate of the boxes counts it.
  const isSet = gate?.name === 'iou' || judgedWith !== null;
  const group = (
    code: FindingCode,
    status: SampleResult['status'],
    args: (first: SampleResult) => object,
  ): RawFinding[] => {
    const found = results.filter((r) => r.status === status);
    const [first] = found;
    return first === undefined
      ? []
      : [makeFinding(code, where, { sample: first.sample, count: found.length, ...args(first) })];
  };
  const allEmpty = results.every((r) => r.status === 'empty');
  return [
    ...group('output-absent', 'absent', (r) => ({ side: r.reference === null ? 'reference' : 'candidate' })),
    ...group('shape-differs', 'shape', (r) => ({ reference: r.reference?.shape, candidate: r.candidate?.shape })).map(
      (f): RawFinding => (isSet ? { ...f, severity: 'info' } : f),
    ),
    // No detections in one picture are a result; none in any picture is no proof.
    ...group('empty-output', 'empty', () => ({})).map(
      (f): RawFinding => (allEmpty ? f : { ...f, severity: 'warning' }),
    ),
  ];
}

/** NaN and infinities are no matter of tolerance; only an expression that counts them itself may allow some. */
function mismatch(
  code: 'nan-differs' | 'inf-differs',
  measure: 'nanMismatches' | 'infMismatches',
  where: string,
  { results, total, rule }: OutputFacts,
): RawFinding[] {
  const first = results.find((r) => r.moments[measure] > 0);
  if (first === undefined) return [];
  const allowed = rule.expression?.measures.includes(measure) === true;
  const { index, reference, candidate } = first.worst[0] ?? {};
  return [
    makeFinding(
      code,
      where,
      { count: total[measure], sample: first.sample, index, reference, candidate },
      allowed ? 'info' : 'error',
    ),
  ];
}

function boundFindings(where: string, facts: OutputFacts): RawFinding[] {
  const { rule, results, total, grade, metrics, name } = facts;
  const outside = results.filter((r) => r.status === 'compared' && isOutside(r));
  if (outside.length === 0) return [];
  // A slice of small values can be wrong while every element lies within what the large ones are allowed.
  if (outside.every(({ moments }) => moments.violations === 0)) return [];
  if (rule.rule.kind === 'auto' && grade === 'close') {
    const scaled = Math.max(...outside.map((r) => r.moments.maxAbs / r.moments.scale));
    return [
      makeFinding('values-close', where, {
        scaled: percent(scaled),
        maxAbs: metrics.maxAbs,
        accept: acceptLine(name, results),
      }),
    ];
  }
  const worst = worstOf(outside);
  const { sample, index, reference, candidate } = worst.worstOutside?.element ?? {};
  const error = worst.worstOutside?.error ?? Number.NaN;
  return [
    makeFinding('values-differ', where, {
      percent: percent(total.violations / total.elements),
      maxAbs: total.kind === 'label' || typeof reference === 'string' ? null : toNum(error),
      sample,
      index,
      candidate,
      reference,
    }),
  ];
}

/** Beyond what is allowed for another reason than NaN and infinities, which have findings of their own. */
const isOutside = ({ moments, passes, decision }: SampleResult): boolean =>
  moments.violations > moments.nanMismatches + moments.infMismatches && !(passes && decision !== null);

/** The sample that is furthest off in units of its own scale: a large sample must not hide a small one. */
function worstOf(outside: readonly SampleResult[]): SampleResult {
  const size = ({ moments, worstOutside }: SampleResult): number => {
    const scaled = (worstOutside?.error ?? 0) / moments.scale;
    return Number.isNaN(scaled) ? moments.violations / moments.elements : scaled;
  };
  return outside.reduce((worst, r) => (size(r) > size(worst) ? r : worst));
}

/** An expression is about the output as a whole. Bit-identical tensors satisfy any, defined or not. */
function expressionFindings(where: string, { rule, results, metrics, grade }: OutputFacts): RawFinding[] {
  const { expression } = rule;
  if (expression === null || grade === 'identical' || !results.some((r) => r.status === 'compared')) return [];
  const undefinedMeasures = expression.measures.filter((m) => metrics[m] === null);
  if (undefinedMeasures.length > 0) {
    return [
      makeFinding('measure-undefined', where, {
        expression: expression.text,
        measures: undefinedMeasures,
        allowed: METRIC_NAMES,
      }),
    ];
  }
  if (expression.holds(metrics)) return [];
  const values = expression.measures.map((m) => `${m} = ${short(metrics[m])}`).join(', ');
  return [makeFinding('expression-false', where, { expression: expression.text, values })];
}

const short = (value: unknown): string =>
  typeof value === 'number' ? String(Number(value.toPrecision(6))) : String(value);
