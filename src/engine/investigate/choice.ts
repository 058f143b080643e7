/** How much looking for causes may cost. */
export interface InvestigateChoice {
  readonly secondsPerCase: number;
  /** For all failures of the run together. */
  readonly secondsInAll: number;
  /** Failures that the suite expects, too. */
  readonly expected: boolean;
}

/** What a run does by itself: a failure costs a coffee's wait at most, a suite of failures two. */
export const BY_ITSELF: InvestigateChoice = { secondsPerCase: 30, secondsInAll: 120, expected: false };
/** Asked for without a number. */
export const ASKED_FOR: InvestigateChoice = { secondsPerCase: 300, secondsInAll: 3600, expected: true };
