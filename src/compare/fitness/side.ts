import type { Observation } from '../../records/observation.ts';
import type { Repeat } from './repeats.ts';
import type { RowCheck } from './rows.ts';

/** A node of a graph that draws random numbers. */
export interface DrawingNode {
  readonly node: string;
  readonly opType: string;
  /** A seed fixes the numbers of a session's first run; later runs draw on. */
  readonly seeded: boolean;
}

/** What was observed of one side to learn whether it is fit to be compared. Empty and null: not looked at. */
export interface FitnessSide {
  readonly facts: Observation['facts'];
  readonly contract: Observation['contract'];
  readonly repeats: readonly Repeat[];
  readonly rows: RowCheck | null;
  /** Operators of its graph that draw random numbers. */
  readonly random: readonly DrawingNode[];
}
