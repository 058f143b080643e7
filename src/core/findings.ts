import { CATALOGUE, type CatalogueEntry, type FindingCode, type FindingSeverity } from './finding-catalogue.ts';

/** A finding before its sentence is made: what stages write into records. */
export interface RawFinding {
  readonly code: string;
  readonly severity: FindingSeverity;
  readonly where: string;
  readonly args: Readonly<Record<string, unknown>>;
}

/** Makes a finding of a known code; its severity is the catalogue's unless the caller has reason to differ. */
export function makeFinding(
  code: FindingCode,
  where: string,
  args: Readonly<Record<string, unknown>> = {},
  severity: FindingSeverity = CATALOGUE[code].severity,
): RawFinding {
  return { code, severity, where, args };
}

type Catalogue = Record<string, CatalogueEntry | undefined>;

/**
 * The one place where findings become sentences. A failure that a worker answered brings its own sentence;
 * codes that are not known (from a newer toolchain) are shown with their arguments.
 */
export function sentence({ code, where, args }: Omit<RawFinding, 'severity'>): string {
  const entry = (CATALOGUE as Catalogue)[code];
  if (entry !== undefined) return entry.sentence(where, args);
  return typeof args.message === 'string' ? args.message : `${where}: ${code} ${JSON.stringify(args)}`;
}
