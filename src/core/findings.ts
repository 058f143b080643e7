import { CATALOGUE, type FindingCode, type FindingSeverity } from './finding-catalogue.ts';

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

/** The one place where findings become sentences. Unknown codes (from a newer toolchain) are shown with their arguments. */
export function sentence({ code, where, args }: Omit<RawFinding, 'severity'>): string {
  const entry = (CATALOGUE as Record<string, { sentence: (where: string, args: Readonly<Record<string, unknown>>) => string } | undefined>)[code];
  return entry === undefined ? `${where}: ${code} ${JSON.stringify(args)}` : entry.sentence(where, args);
}
