import type { RawFinding } from '../core/findings.ts';
import type { DeclaredChange } from '../records/artifact.ts';
import type { OutputComparison } from '../records/comparison.ts';
import type { IoContract } from '../records/contract.ts';
import type { FailureRecord } from '../records/finding.ts';
import type { Observation } from '../records/observation.ts';
import type { ContractRow } from '../records/report.ts';
import type { CompareRules } from '../records/rules.ts';
import type { Sample } from '../records/sample.ts';
import type { Grade, Verdict } from '../records/verdict.ts';
import type { Evidence } from './evidence.ts';
import type { Fitness } from './fitness/fitness.ts';

/** The reference or the candidate: what it declares, what was observed, and where the observed tensors lie. */
export interface ComparedSide {
  /** What the model declares; null, or with empty lists, when it declares nothing (a PyTorch module). */
  readonly contract: IoContract | null;
  readonly observation: Observation;
  /** Folder that the observation's `file`s are relative to. */
  readonly dir: string;
}

export interface CompareInput {
  readonly reference: ComparedSide;
  readonly candidate: ComparedSide;
  /** The planned samples, in order: fewer compared than planned does not pass. */
  readonly samples: readonly Sample[];
  /** Folder that the samples' labels are relative to; null or missing where they have none. */
  readonly sampleDir?: string | null;
  /** Changes that the exporter declared; empty when nothing was exported. */
  readonly declared: readonly DeclaredChange[];
  readonly sameFormat: boolean;
  /** Callers name what they pass, as those of a SavedModel's signature do: order means nothing. */
  readonly byName?: boolean;
  readonly rules: CompareRules;
  /** What was measured to tell rounding from fault; missing: the dtype's table has to do. */
  readonly evidence?: Evidence;
  /** What reading the models' files told beside what they answered. */
  readonly inspected?: readonly RawFinding[];
  /** Who is fit to judge; missing for recorded tensors, and where it was judged before. */
  readonly fitness?: Fitness;
}

/** What the comparison says about one planned sample, over all outputs. */
export interface ComparedSample {
  readonly id: string;
  readonly verdict: Verdict;
  /** What either side answered instead of outputs. */
  readonly failure?: FailureRecord;
}

export interface ConversionComparison {
  readonly verdict: Verdict;
  /** Null when nothing could be graded: no sample compared, or a reference that is no judge. */
  readonly grade: Grade | null;
  readonly findings: RawFinding[];
  readonly contract: ContractRow[];
  readonly outputs: OutputComparison[];
  readonly samples: ComparedSample[];
  /** What float64 could still settle of the outputs, by reference name: samples, the largest ratio to the floor first. */
  readonly open: readonly { readonly output: string; readonly samples: readonly string[] }[];
  /** The sample whose tensors are worth keeping; null when no sample was compared. */
  readonly worstSample: string | null;
}
