import type { RawFinding } from '../core/findings.ts';
import type { FailureRecord } from '../records/finding.ts';
import { compareContracts } from './contract/contract.ts';
import type { CompareInput, ConversionComparison } from './input.ts';

/** A side that could not be observed at all ends the comparison; what is known of the contracts is still shown. */
export function failedSide(input: CompareInput): ConversionComparison | null {
  const failed = (['reference', 'candidate'] as const).flatMap((side) => {
    const { failure } = input[side].observation;
    return failure === undefined ? [] : [{ side, failure }];
  });
  const [first] = failed;
  if (first === undefined) return null;
  const bothDeclare = input.reference.contract !== null && input.candidate.contract !== null;
  const contract = bothDeclare ? compareContracts(input) : null;
  return {
    verdict: 'error',
    grade: null,
    findings: [...failed.map(({ side, failure }) => failureFinding(side, failure)), ...(contract?.findings ?? [])],
    contract: contract?.rows ?? [],
    outputs: [],
    samples: input.samples.map(({ id }) => ({ id, verdict: 'error', failure: first.failure })),
    worstSample: null,
    open: [],
  };
}

/** The code is the worker's own, which an outside toolchain may have made up. */
const failureFinding = (where: string, { code, ...args }: FailureRecord): RawFinding => ({
  code,
  severity: 'error',
  where,
  args,
});
