export type FindingSeverity = 'error' | 'warning' | 'info';

export interface CatalogueEntry {
  readonly severity: FindingSeverity;
  /** One line for docs/findings.md: what the code means and what to do. */
  readonly help: string;
  readonly sentence: (where: string, args: Readonly<Record<string, unknown>>) => string;
}

export type Args = Readonly<Record<string, unknown>>;

export const entry = (
  severity: FindingSeverity,
  help: string,
  sentence: CatalogueEntry['sentence'],
): CatalogueEntry => ({
  severity,
  help,
  sentence,
});

/** What a worker or runtime answered instead of a result: its own message is the sentence. */
export const answered = (help: string): CatalogueEntry => entry('error', help, (w, a) => `${w}: ${String(a.message)}`);
