import type { RawFinding } from '../../core/findings.ts';
import type { DeclaredChange } from '../../records/artifact.ts';
import { changeOf } from '../contract/contract.ts';
import { checkDtype } from '../contract/dtypes.ts';
import type { Pair } from '../contract/pairing.ts';
import type { SampleResult } from './judge.ts';

/** What came back may be of another dtype than either side declares; said once, and only if the contract did not say it. */
export function observedDtype(
  { reference, candidate }: Pair,
  results: readonly SampleResult[],
  known: readonly RawFinding[],
  declared: readonly DeclaredChange[],
): RawFinding[] {
  if (known.some((f) => f.code === 'dtype-changed' || f.code === 'dtype-declared')) return [];
  if (reference === null || candidate === null) return [];
  const differing = results.find(
    (r) => r.reference !== null && r.candidate !== null && r.reference.dtype !== r.candidate.dtype,
  );
  const finding = checkDtype({
    where: `output ${reference.name}`,
    reference: differing?.reference?.dtype ?? null,
    candidate: differing?.candidate?.dtype ?? null,
    specs: [reference, candidate],
    declared: changeOf(
      declared.filter((d) => d.side === 'output'),
      reference.name,
      candidate.name,
    ),
  });
  return finding === null ? [] : [finding];
}
