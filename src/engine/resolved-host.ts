import type { HostSpec } from '../workers/pool.ts';

/** Where a step runs and what of that place belongs to its key and to the report. */
export interface ResolvedHost {
  readonly host: HostSpec;
  /** Changes when a package of the place does, or the host’s own program. */
  readonly digest: string;
  readonly label: string;
  readonly packages: Readonly<Record<string, string>>;
}
