import type { FindingCode } from '../core/finding-catalogue.ts';
import type { RawFinding } from '../core/findings.ts';
import { type Verdict, worstVerdict } from '../records/verdict.ts';

/** Nothing was shown to be wrong, but nothing was proven either. Every other error is a failure of the candidate. */
const UNVERIFIABLE: readonly FindingCode[] = [
  'no-sample-compared',
  'fewer-samples',
  'sample-not-run',
  'empty-output',
  'no-finite-reference',
  'reference-failed',
  'reference-training',
  'reference-mutates-inputs',
  'reference-not-deterministic',
  'reference-changes-itself',
  'pairing-ambiguous',
  'measure-undefined',
  'ill-conditioned',
  'gate-undefined',
];

/** A verdict is the worst of its findings: what does not pass always has a reason, and what has none passes. */
export function verdictOf(findings: readonly RawFinding[]): Verdict {
  const verdicts = findings
    .filter((f) => f.severity === 'error')
    .map((f): Verdict => ((UNVERIFIABLE as readonly string[]).includes(f.code) ? 'unverifiable' : 'fail'));
  return worstVerdict(['pass', ...verdicts]);
}

/** What makes a grade `broken` whatever the numbers say: the contract, the shape, the places of NaN and infinities, answers that hang on chance or on their neighbours. */
const STRUCTURAL: readonly FindingCode[] = [
  'output-missing',
  'output-extra',
  'input-missing',
  'input-extra',
  'name-changed',
  'order-changed',
  'dtype-changed',
  'rank-changed',
  'dim-frozen',
  'dim-changed',
  'outputs-permuted',
  'output-absent',
  'contract-contradicted',
  'shape-differs',
  'candidate-failed',
  'candidate-not-deterministic',
  'candidate-mixes-rows',
];

export const isStructural = ({ code, severity }: RawFinding): boolean =>
  severity === 'error' && (STRUCTURAL as readonly string[]).includes(code);
