import type { DiagnosisCode } from '../../../../core/diagnosis-catalogue.ts';
import type { Bench } from '../../../experiment.ts';
import type { Question } from '../../../scene.ts';
import type { Difference } from '../difference.ts';
import type { Sides } from '../revert.ts';

/** Differences that an experiment proved to be the cause, with all that may help to name it. */
export interface Proven {
  readonly question: Question;
  readonly sides: Sides;
  readonly bench: Bench;
  readonly differences: readonly Difference[];
}

/** The name of a cause, before place and experiment are told. */
export interface Named {
  readonly code: DiagnosisCode;
  readonly args?: Readonly<Record<string, unknown>>;
}
