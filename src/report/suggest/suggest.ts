import { roundUp } from '../../core/round-up.ts';
import { yamlKey } from '../../core/yaml-key.ts';
import type { OutputComparison } from '../../records/comparison.ts';
import type { Finding } from '../../records/finding.ts';
import { fromNum, type Num } from '../../records/numbers.ts';
import type { ReportCase } from '../../records/report.ts';
import type { Verdict } from '../../records/verdict.ts';
import { isFloat } from '../../tensor/dtype.ts';
import { visible } from '../escape.ts';
import { formatPercent } from '../numbers.ts';
import type { KeptOutput } from './kept.ts';
import { tightestPair } from './pair.ts';
import { acceptsWords, refusalWords, warningsFor } from './words.ts';

/** How much more than what was measured a suggestion accepts: other inputs are a little worse than those that were tried. */
export const MARGIN = 1.5;

/** A pair of bounds is worth its second number only where it allows clearly less than one bound alone. */
const WORTH_A_PAIR = 0.8;

/** One tolerance that would accept an output as it is. */
export interface Suggestion {
  readonly kind: 'auto' | 'relative' | 'bounds' | 'expression';
  /** As it stands in a suite behind the output's name: `{ relative: "0.3%" }`. */
  readonly yaml: string;
  /** What is accepted, in words. */
  readonly accepts: string;
  /** Largest error that is accepted, as a share of the output's scale; null for `auto`. */
  readonly ofScale: number | null;
}

export interface OutputSuggestion {
  readonly output: string;
  readonly verdict: Verdict;
  /** The tightest first. Empty: `refused` says why. */
  readonly suggestions: readonly Suggestion[];
  readonly refused: string | null;
  readonly warnings: readonly string[];
}

export interface CaseSuggestion {
  readonly conversion: string;
  readonly case: string;
  readonly verdict: Verdict;
  readonly outputs: readonly OutputSuggestion[];
  /** Why no tolerance makes this conversion pass, beside what its outputs say. */
  readonly blocked: readonly string[];
}

/** Findings that a tolerance decides. Every other error stays one, whatever is written into the suite. */
const BY_TOLERANCE: readonly string[] = [
  'values-differ',
  'values-close',
  'beyond-noise-floor',
  'function-differs',
  'computed-badly',
  'ill-conditioned',
  'expression-false',
  'measure-undefined',
  'argmax-disagrees',
  'top-k-disagrees',
  'accuracy-lost',
  'boxes-differ',
  'gate-undefined',
];

/**
 * For each output of a conversion the tightest tolerances that pass with margin, from what its report measured. `kept` gives
 * the elements of the sample that the run folder keeps (null: nobody looks for them); without them a pair of bounds cannot be told apart from one bound.
 * Nothing is suggested for differences of structure, for NaN and infinities on one side, and for labels.
 */
export function suggestCase(c: ReportCase, kept: KeptElements | null = null): CaseSuggestion {
  const blocking = c.findings.filter((f) => f.severity === 'error' && !BY_TOLERANCE.includes(f.code));
  const about = (f: Finding, name: string): boolean =>
    f.where === `output ${name}` ||
    f.where.startsWith(`output ${name} (`) ||
    (f.where === 'outputs' && Array.isArray(f.args.names) && f.args.names.includes(name));
  return {
    conversion: c.id,
    case: c.case,
    verdict: c.verdict,
    outputs: c.outputs.map((o) =>
      suggestOutput(
        o,
        blocking.filter((f) => about(f, o.name)),
        kept,
      ),
    ),
    blocked: blocking.filter((f) => !c.outputs.some((o) => about(f, o.name))).map((f) => `${f.message} [${f.code}]`),
  };
}

function suggestOutput(o: OutputComparison, blocking: readonly Finding[], kept: KeptElements | null): OutputSuggestion {
  const base = { output: o.name, verdict: o.verdict };
  const refused = refusal(o, blocking);
  if (refused !== null) return { ...base, suggestions: [], refused, warnings: [] };
  const withinRounding = o.grade === 'identical' || o.grade === 'equivalent';
  if (withinRounding) {
    const auto: Suggestion = { kind: 'auto', yaml: 'auto', accepts: acceptsWords(o, null), ofScale: null };
    return { ...base, suggestions: [auto], refused: null, warnings: [] };
  }
  const suggestions = candidates(o, kept === null ? 'not looked for' : kept(o.name))
    .sort((a, b) => a.meanAllowed - b.meanAllowed)
    .map(
      ({ kind, yaml, ofScale, note }): Suggestion => ({
        kind,
        yaml,
        ofScale,
        accepts: acceptsWords(o, ofScale) + note,
      }),
    );
  return { ...base, suggestions, refused: null, warnings: warningsFor(o, suggestions[0]?.ofScale ?? 0) };
}

/** The elements of an output, where the run folder keeps them. */
type KeptElements = (output: string) => KeptOutput | null;

/** Why a tolerance is the wrong answer for an output; null where it is none. */
function refusal(o: OutputComparison, blocking: readonly Finding[]): string | null {
  const [first] = blocking;
  if (first !== undefined) return refusalWords.finding(first);
  const { metrics: m } = o;
  if (m.nanMismatches + m.infMismatches > 0) return refusalWords.notFinite(m.nanMismatches, m.infMismatches);
  if (m.elements === 0 || o.grade === null) return refusalWords.nothing;
  if (o.grade === 'identical' || o.grade === 'equivalent') return null;
  if (o.referenceDtype === null || !isFloat(o.referenceDtype))
    return refusalWords.labels(o.referenceDtype ?? 'unknown');
  const error = m.maxAbs === null ? Number.NaN : fromNum(m.maxAbs);
  return Number.isFinite(error) ? null : refusalWords.nothing;
}

interface Candidate extends Omit<Suggestion, 'accepts'> {
  readonly ofScale: number;
  /** What it allows for an element, on average: by this the tightest is found. */
  readonly meanAllowed: number;
  readonly note: string;
}

const finite = (value: Num | null): number | null => {
  const n = value === null ? Number.NaN : fromNum(value);
  return Number.isFinite(n) ? n : null;
};

type Kept = KeptOutput | 'not looked for' | null;

function candidates(o: OutputComparison, kept: Kept): Candidate[] {
  const error = finite(o.metrics.maxAbs) ?? 0;
  const scale = finite(o.metrics.scale) ?? 0;
  const samples = o.samples
    .filter((s) => s.grade !== null)
    .map((s) => ({ error: finite(s.maxAbs) ?? 0, share: finite(s.scaled) }));
  const bounds = boundsCandidate(o, kept, error, scale);
  return [...relativeCandidate(samples), bounds, ...expressionCandidate(o, error, scale)];
}

/** An absolute bound is small for the output as a whole and may be large for the sample that needs it: that is said. */
function inWorstSample(o: OutputComparison, bound: number, ofScale: number): string {
  const worst = o.samples.find((s) => s.sample === o.worst?.sample);
  const [error, share] = [finite(worst?.maxAbs ?? null), finite(worst?.scaled ?? null)];
  if (worst === undefined || error === null || share === null || share === 0) return '';
  const own = bound / (error / share);
  return own > 2 * ofScale ? `, ${formatPercent(own)} of that of sample ${visible(worst.sample)}` : '';
}

/** Not for samples of scale 0 that differ: there `relative` means rounding, which does not hold them. */
function relativeCandidate(samples: readonly { error: number; share: number | null }[]): Candidate[] {
  if (samples.some((s) => s.share === null && s.error > 0)) return [];
  const largest = Math.max(0, ...samples.map((s) => s.share ?? 0));
  if (largest === 0) return [];
  const percent = roundUp(largest * MARGIN * 100);
  const scales = samples.flatMap((s) => (s.share !== null && s.share > 0 ? [s.error / s.share] : []));
  const mean = scales.reduce((sum, scale) => sum + scale, 0) / scales.length;
  const ofScale = percent / 100;
  return [{ kind: 'relative', yaml: `{ relative: "${percent}%" }`, ofScale, meanAllowed: ofScale * mean, note: '' }];
}

/**
 * atol holds every sample, since report.json has the largest error of each; rtol takes over what is larger in the sample
 * whose elements are kept.
 */
function boundsCandidate(o: OutputComparison, kept: Kept, error: number, scale: number): Candidate {
  const alone = roundUp(error * MARGIN);
  const plain: Candidate = {
    kind: 'bounds',
    yaml: `{ atol: ${alone} }`,
    ofScale: scale === 0 ? Number.POSITIVE_INFINITY : alone / scale,
    meanAllowed: alone,
    note:
      inWorstSample(o, alone, alone / scale) +
      (kept === null ? ' (the elements are not kept: one bound for all of them)' : ''),
  };
  if (kept === null || kept === 'not looked for') return plain;
  const elsewhere = Math.max(0, ...o.samples.flatMap((s) => (s.sample === kept.sample ? [] : [finite(s.maxAbs) ?? 0])));
  const pair = tightestPair(kept.reference, kept.candidate, MARGIN, elsewhere);
  if (pair === null || pair.rtol === 0 || pair.meanAllowed > WORTH_A_PAIR * alone) return plain;
  return {
    kind: 'bounds',
    yaml: `{ atol: ${pair.atol}, rtol: ${pair.rtol} }`,
    ofScale: scale === 0 ? Number.POSITIVE_INFINITY : pair.atol / scale + pair.rtol,
    meanAllowed: pair.meanAllowed,
    note: '',
  };
}

function expressionCandidate(o: OutputComparison, error: number, scale: number): Candidate[] {
  const cosine = finite(o.metrics.cosine);
  if (cosine === null || scale === 0) return [];
  const bound = roundUp(error * MARGIN);
  // Sixteen digits of a cosine end at 1e-16; below 1e-15 its own rounding is all that is left.
  const least = Number((1 - roundUp(Math.max(1e-15, (1 - cosine) * MARGIN))).toPrecision(16));
  const yaml = JSON.stringify(`cosine > ${least} and maxAbs < ${bound}`);
  return [
    {
      kind: 'expression',
      yaml,
      ofScale: bound / scale,
      meanAllowed: bound,
      note: `${inWorstSample(o, bound, bound / scale)}, and less than that in all`,
    },
  ];
}

/** The lines to paste below a case of a suite; null where there is nothing to write. */
export function suiteLines({ outputs }: CaseSuggestion): string[] | null {
  const wanted = outputs.flatMap(({ output, suggestions: [first] }) =>
    first === undefined || first.kind === 'auto' ? [] : [`  ${yamlKey(output)}: ${first.yaml}`],
  );
  return wanted.length === 0 ? null : ['tolerance:', ...wanted];
}
