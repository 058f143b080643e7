import type { ConversionComparison } from '../../compare/compare.ts';
import type { Spread } from '../../compare/fitness/fitness.ts';
import type { RawFinding } from '../../core/findings.ts';
import type { Artifact } from '../../records/artifact.ts';
import type { Coverage } from '../../records/coverage.ts';
import type { Investigation } from '../../records/investigation.ts';
import type { Observation, SampleRun } from '../../records/observation.ts';
import type { Diagnosis, ReportCase } from '../../records/report.ts';
import type { SamplePlan } from '../../records/rules.ts';
import type { Sample } from '../../records/sample.ts';
import type { KeyedModel } from '../model-key.ts';
import type { StepResult } from '../step.ts';
import type { Probing } from './probing.ts';
import type { ObservedSide } from './side.ts';

/** What looking for the cause of a failure found, as the report has it. */
export interface Investigated {
  readonly investigation: Investigation;
  readonly diagnoses: readonly Diagnosis[];
  readonly firstDivergence: ReportCase['firstDivergence'];
  /** Models to be kept beside the report. */
  readonly kept: readonly KeptModel[];
}

export interface KeptModel {
  readonly kind: Investigation['files'][number]['kind'];
  readonly about: string;
  readonly model: KeyedModel;
}

/** Everything one conversion left behind; what is missing was not reached, because an earlier part failed. */
export interface ConversionTrace {
  readonly samples: readonly Sample[];
  readonly sampleDir: string | null;
  readonly artifact: StepResult<Artifact> | null;
  readonly reference: StepResult<Observation> | null;
  readonly candidate: StepResult<Observation> | null;
  readonly comparison: ConversionComparison | null;
  /** What the samples moved on the reference's side. */
  readonly coverage: Coverage | null;
  /** How far two runs of the reference lay apart: no noise floor may be lower. */
  readonly spread: readonly Spread[];
  /** What was noticed outside the comparison. */
  readonly findings: readonly RawFinding[];
  /** Samples of the default sweep that the reference refused: left out of the judgement. */
  readonly refused: readonly SampleRun[];
  readonly steps: { readonly total: number; readonly cached: number };
  /** Which part failed, and how. */
  readonly failure: { readonly side: 'reference' | 'candidate'; readonly error: unknown } | null;
  /** Digest of the model that each side ran, and the environment that ran it, as far as they are known. */
  readonly digests: { readonly reference: string | null; readonly candidate: string | null };
  readonly environments: { readonly reference: string | null; readonly candidate: string | null };
  /** What looking for the cause found; null: nobody looked. */
  readonly investigation: Investigated | null;
}

/** A trace while its conversion runs. */
export class Trace implements ConversionTrace {
  samples: readonly Sample[] = [];
  sampleDir: string | null = null;
  artifact: StepResult<Artifact> | null = null;
  reference: StepResult<Observation> | null = null;
  candidate: StepResult<Observation> | null = null;
  comparison: ConversionComparison | null = null;
  coverage: Coverage | null = null;
  spread: readonly Spread[] = [];
  findings: RawFinding[] = [];
  refused: readonly SampleRun[] = [];
  steps: { total: number; cached: number } = { total: 0, cached: 0 };
  failure: ConversionTrace['failure'] = null;
  digests: { reference: string | null; candidate: string | null } = { reference: null, candidate: null };
  environments: { reference: string | null; candidate: string | null } = { reference: null, candidate: null };
  investigation: Investigated | null = null;
  /** How each side was observed, so that it can be observed again under another condition. */
  sides: { reference: ObservedSide | null; candidate: ObservedSide | null } = { reference: null, candidate: null };
  /** How samples were made and what was asked beside them, so that another candidate can be judged alike. */
  judgedBy: { readonly plan: SamplePlan; readonly probing: Probing } | null = null;
  /** Whose fault a failure is at this point. */
  side: 'reference' | 'candidate' = 'reference';

  count<T>(result: StepResult<T>): StepResult<T> {
    this.steps.total++;
    if (result.cached) this.steps.cached++;
    return result;
  }
}
