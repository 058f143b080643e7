/** Choices that can be bisected. */
export const BISECTIONS = ['runtime', 'exporter', 'precision', 'versions'] as const;
export type BisectionKind = (typeof BISECTIONS)[number];

/** What is wanted beyond place and cause; all of it costs many runs. */
export interface Wishes {
  readonly bisect: readonly BisectionKind[];
  /** Versions of the candidate's runtime, oldest first. */
  readonly versions: readonly string[];
  /** The smallest model and input that still fail, as a bundle. */
  readonly reduce: boolean;
}

export const NO_WISHES: Wishes = { bisect: [], versions: [], reduce: false };
