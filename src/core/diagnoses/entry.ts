/** What an investigation can find to be the cause. Sentences are made here and nowhere else. */
export interface DiagnosisEntry {
  /** What is wrong, as a headline: "bias dropped". */
  readonly title: string;
  /** When the code applies, for docs/diagnoses.md: the line between it and its neighbours. */
  readonly means: string;
  /** What to do next. */
  readonly next: string;
  /** A sentence that a newcomer understands; `where` names the place in words, `args` are the numbers of the experiment. */
  readonly sentence: (where: string, args: Readonly<Record<string, unknown>>) => string;
}

type Sentence = string | DiagnosisEntry['sentence'];

export const cause = (title: string, means: string, next: string, what: Sentence): DiagnosisEntry => ({
  title,
  means,
  next,
  sentence: typeof what === 'string' ? (where) => `${where}: ${what}` : what,
});

/** `from 0.00001 to 0.001`, where both are known. */
export function change({ from, to }: Readonly<Record<string, unknown>>): string {
  if (from === undefined || to === undefined) return '';
  return ` (${text(from)} in the reference, ${text(to)} in the candidate)`;
}

const text = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));
